VERSION = "5.0.0a1"
USER_AGENT = f"tss-python/{VERSION}"
