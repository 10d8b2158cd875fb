"""Invoices as PDF: `layout` says what stands where on which page, `draw` puts it on paper."""

from billing.pdf.draw import draw_invoice

__all__ = ["draw_invoice"]
