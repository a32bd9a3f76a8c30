"""通知: the inbox, and what each person gets by e-mail."""
