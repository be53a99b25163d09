"""Copies audit records to the log groups of the tenants they are about, where each tenant's own key protects them."""
