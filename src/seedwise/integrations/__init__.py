"""Training loops of other libraries: ``seedwise.integrations.lightning``, ``seedwise.integrations.transformers``."""
