"""The entry point of a web server such as gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

from canopy_sync.production import must_be_configured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "canopy_sync.settings")
must_be_configured()
application = get_wsgi_application()
