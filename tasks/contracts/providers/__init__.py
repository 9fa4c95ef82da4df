"""The formats of delivery-log payloads, one provider a module."""
