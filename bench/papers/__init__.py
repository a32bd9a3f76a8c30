"""What `bench/pdf.py` is made of."""
