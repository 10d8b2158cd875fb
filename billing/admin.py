"""The operator's pages: billing is looked at there, and changed only through services."""

from django.contrib import admin

from billing.models import ServiceItem


@admin.register(ServiceItem)
class ServiceItemAdmin(admin.ModelAdmin):
    list_display = ("name", "firm", "rate", "is_archived", "updated_at")
    list_select_related = ("firm",)
    search_fields = ("name", "sku")

    def has_add_permission(self, request: object) -> bool:
        return False

    def has_change_permission(self, request: object, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: object, obj: object = None) -> bool:
        return False
