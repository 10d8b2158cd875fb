"""The operator's pages: contacts are looked at there, and changed only through services."""

from django.contrib import admin

from contacts.models import Contact


@admin.register(Contact)
class ContactAdmin(admin.ModelAdmin):
    list_display = ("display_name", "firm", "email", "is_archived", "updated_at")
    list_select_related = ("firm",)
    search_fields = ("display_name", "email")

    def has_add_permission(self, request: object) -> bool:
        return False

    def has_change_permission(self, request: object, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: object, obj: object = None) -> bool:
        return False
