"""The operator's pages."""

from django.contrib import admin

from firms.models import AuditEntry, Firm, Membership, Role, User


@admin.register(Firm)
class FirmAdmin(admin.ModelAdmin):
    list_display = ("name", "billing_plan", "time_zone", "home_currency")
    search_fields = ("name",)


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    list_display = ("email", "name", "is_active", "is_staff")
    search_fields = ("email", "name")
    exclude = ("password",)
    readonly_fields = ("last_login", "date_joined")


@admin.register(Role)
class RoleAdmin(admin.ModelAdmin):
    list_display = ("name", "firm")


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):
    list_display = ("user", "firm", "role")
    list_select_related = ("user", "firm", "role")


@admin.register(AuditEntry)
class AuditEntryAdmin(admin.ModelAdmin):
    """Only ever read: the log is added to by services alone."""

    list_display = ("at", "firm", "actor_label", "action")
    list_select_related = ("firm",)

    def has_add_permission(self, request: object) -> bool:
        return False

    def has_change_permission(self, request: object, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: object, obj: object = None) -> bool:
        return False
