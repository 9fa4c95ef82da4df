"""Delivery logs that are no JSON: lines of mail servers, and mails that tell of mails."""
