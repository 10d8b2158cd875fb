"""Settings, all from the environment; `.env.example` names each with one line on what it does."""

from __future__ import annotations

from pathlib import Path

import environ
from django.utils.csp import CSP

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env", overwrite=False)

# -- What kind of run this is --------------------------------------------------------------------
DEMO = env.bool("CANOPY_DEMO", default=False)  # plain http on loopback, keys made up
DEBUG = env.bool("DEBUG", default=False)
TESTS = env.bool("CANOPY_TESTS", default=False)
PRODUCTION = not (DEMO or DEBUG or TESTS)  # then production.py asks for real keys
DEMO_SECRET_KEY = "only-for-the-demo-and-the-tests-" + "x" * 32
DEMO_TOKEN_KEY = "b25seS1mb3ItdGhlLWRlbW8tYW5kLXRoZS10ZXN0cyE="
DEMO_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
SECRET_KEY = env("SECRET_KEY", default=DEMO_SECRET_KEY)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=DEMO_HOSTS)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
HTTPS = env.bool("HTTPS", default=False)
BASE_URL = env("BASE_URL", default="http://127.0.0.1:8000")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.contrib.admin",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "django_q",
    "canopy_sync",
    "firms",
    "firms.api",
    "contacts",
    "billing",
    "integrations",
]

MIDDLEWARE = [
    "canopy_sync.request_ids.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "firms.api.middleware.ApiMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "firms.middleware.CurrentFirmMiddleware",
]

ROOT_URLCONF = "canopy_sync.urls"
WSGI_APPLICATION = "canopy_sync.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "firms.context.frame",
                "integrations.web.context.books_health",
            ],
            "libraries": {"books": "integrations.web.tags"},
            "builtins": ["canopy_sync.templatetags.ui"],
        },
    }
]

# -- Data ----------------------------------------------------------------------------------------
DATABASES = {"default": env.db("DATABASE_URL", default="postgres://canopy@/canopy")}
# The queue's broker closes old connections at each step: without this it would reconnect each time.
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    # In the database, so that rate limits and health see all processes.
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "django_cache",
    }
}

Q_CLUSTER = {
    "name": "canopy",
    "orm": "default",
    "workers": env.int("Q_WORKERS", default=2),
    "bulk": 1,
    "poll": 0.2,
    "timeout": 180,
    "retry": 900,
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "save_limit": -1,
    "label": "Queue",
}

# -- People --------------------------------------------------------------------------------------
AUTH_USER_MODEL = "firms.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "firms.adapter.AccountAdapter"
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_LOGOUT_REDIRECT_URL = "/sign-in/"
# The message of firms.adapter names the five minutes.
ACCOUNT_RATE_LIMITS = {"login_failed": "20/5m/ip,5/5m/key"}
USERSESSIONS_TRACK_ACTIVITY = False

SMTP = "django.core.mail.backends.smtp.EmailBackend"
EMAIL = env(
    "EMAIL_BACKEND",
    default=SMTP if PRODUCTION else "django.core.mail.backends.console.EmailBackend",
)
MAILERS: dict[str, dict[str, object]] = {"default": {"BACKEND": EMAIL}}
if EMAIL == SMTP:
    MAILERS["default"]["OPTIONS"] = {
        "host": env("SMTP_HOST", default="localhost"),
        "port": env.int("SMTP_PORT", default=25),
        "username": env("SMTP_USER", default=""),
        "password": env("SMTP_PASSWORD", default=""),
        "use_tls": env.bool("SMTP_TLS", default=False),
    }
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="Canopy Sync <no-reply@localhost>")

# -- QuickBooks Online ---------------------------------------------------------------------------
QUICKBOOKS = {
    "client_id": env("QBO_CLIENT_ID", default=""),
    "client_secret": env("QBO_CLIENT_SECRET", default=""),
    # The discovery document names the sign-in and token addresses.
    "discovery_url": env(
        "QBO_DISCOVERY_URL",
        default="https://developer.intuit.com/.well-known/openid_sandbox_configuration/",
    ),
    "api_url": env("QBO_API_URL", default="https://sandbox-quickbooks.api.intuit.com"),
    # Where people are sent to sign in and consent; a form of ours may redirect there.
    "authorize_origin": env("QBO_AUTHORIZE_ORIGIN", default="https://appcenter.intuit.com"),
    "environment": env("QBO_ENVIRONMENT", default="Sandbox"),
    "redirect_uri": env(
        "QBO_REDIRECT_URI", default=BASE_URL + "/settings/integrations/qbo/callback/"
    ),
    "webhook_verifier": env("QBO_WEBHOOK_VERIFIER", default=""),
    # Seconds in which the server may still commit a write whose answer was lost.
    "late_commit_seconds": env.float("QBO_LATE_COMMIT_SECONDS", default=130),
}
# Calls a minute to one company. QuickBooks takes 500; the rest is for what the network bunches.
CALLS_PER_MINUTE = env.int("CALLS_PER_MINUTE", default=495)
# Fernet keys for QuickBooks tokens, newest first; the older ones only read.
TOKEN_KEYS = env.list("TOKEN_KEYS", default=[DEMO_TOKEN_KEY])
UNDO_SECONDS = env.float("UNDO_SECONDS", default=10)  # a decision can be taken back until then

# -- Words, times, files -------------------------------------------------------------------------
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "staticfiles" if PRODUCTION else None
# Without `collectstatic` only where nobody deploys.
WHITENOISE_USE_FINDERS = not PRODUCTION
if PRODUCTION:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }

# -- Security ------------------------------------------------------------------------------------
SECURE_CSP = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF, CSP.UNSAFE_INLINE],
    "img-src": [CSP.SELF, "data:"],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF, QUICKBOOKS["authorize_origin"]],
}
# An invoice of 1,000 lines has nine fields for each; the size of a request stays limited.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
if HTTPS:
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"

# -- REST API ------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "firms.api.problems.handle",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Canopy Sync",
    "VERSION": "1",
    "DESCRIPTION": (BASE_DIR / "canopy_sync" / "api" / "introduction.md").read_text(),
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "SyncStateEnum": "firms.marks.SyncState.choices",
        "WhoseEnum": "contacts.merge_choices.Whose.choices",
        "KindEnum": "billing.api.invoice_serializers.KINDS",
        "IssueKindEnum": "integrations.models.Issue.Kind",
    },
    "REDOC_DIST": "SIDECAR",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request": {"()": "canopy_sync.request_ids.RequestIdFilter"}},
    "formatters": {
        "line": {
            "format": "{asctime} {levelname} {name} [{request_id}]: {message}",
            "style": "{",
        }
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["request"],
        }
    },
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="WARNING")},
}
