"""Chhota: micro-savings and credit building."""
