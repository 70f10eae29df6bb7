"""The service under load: recorded edits, replayed by many users at once, with every answer checked.

    make load                                  all of it, and a report in loadtests/report/
    locust -f loadtests/users.py --host URL    the same users against a server that runs already, with locust's page

`edits` are what is asked and `checks` what an answer must be; `users` are the locust users and `drive` runs them in a
process of its own; `servers` and `echo` are what they ask, `watch` looks at those from outside; `run` puts it together,
`report` and `plots` write it down.
"""
