"""Dead letters as an operator sees them: found, shown, sent again.

    letters.py     one letter with its place, and filters (sans-I/O)
    replaying.py   which of them may be sent again, and in what portions (sans-I/O)
    shown.py       as lines and as JSON (sans-I/O)
    topic.py       reads the letters, and the notes of what was sent again
    resender.py    sends letters again, and notes it

A letter is sent to the topic it came from, byte for byte and under its key, with headers that say
how often that was done and where it lay at first; so a message that ends here again is known to
have been tried, even if nobody can read it. What was sent is noted, in a topic of its own, after
the broker has it: killed in between, it is sent once more, and the duplicate is removed where
duplicates are; it is never taken for sent when it was not. A note names the message by its origin,
so a letter that was written twice by an agent that was killed is sent once.
"""
