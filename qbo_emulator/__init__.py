"""An emulator of QuickBooks Online for development, demos and tests. Stands alone."""
