"""Where the product and the emulator meet: everything goes over loopback HTTP."""
