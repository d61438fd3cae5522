"""Dead letters as an operator sees them: found, shown, sent again.

    letters.py   one letter with its place, filters, and what may be sent again (sans-I/O)
    topic.py     the topics of letters and of what was sent again, read and written

A letter is sent to the topic it came from, byte for byte and under its key, with a header that
counts the attempts; so a message that ends here again is known to have been tried. What was sent is
noted in a topic of its own after the broker has it: killed in between, it is sent once more, and
the duplicate is removed where duplicates are.
"""
