"""Printed papers: fonts, style sheet, renderer. No database, no request; bytes and text only."""
