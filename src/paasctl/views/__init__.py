"""Views turn events into words: `words.py` has the sentences, once; plain, rich and jsonl say them."""
