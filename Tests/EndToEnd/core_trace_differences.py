"""Where the sidecar's requests differ from the official SDK's on purpose, and why: the table of test_core_traces.py.

In patterns `*` stands for anything and `|` parts alternatives. `what` is as `core_traces.differences` has it: `+` what
only the sidecar sends, `-` what only the SDK does, `~` what both do with another value; `outcome` is whether the call
succeeds. `ours` is the value that the sidecar has there, where only that one is right."""
import collections

ANY = object()
Row = collections.namedtuple("Row", "traces what ours reason")


def row(traces, what, reason, ours=ANY):
    return Row(traces, what, ours, reason)


READS = [
    row("sdk-*", "- GET /projects/my-project",
        "The SDK reads its whole project object anew after each thing it makes; the sidecar keeps no such object."),
    row("sdk-0.13.4/*", "- GET */runs/<run>/metrics",
        "The SDK of 0.13 reads the metrics of every run that it reads; here getMetrics does, when it is called."),
    row("sdk-*", "- GET */tasks?function=*",
        "The SDK looks for the task of a function that it has just made itself, twice, or once before it refuses an "
        "action. Whoever has made the function knows that there is none."),
    row("sdk-0.13.4/20*|sdk-0.13.4/26*", "- GET */*?*my-function*",
        "The SDK of 0.13 asks for one page beyond the last one."),
    row("sdk-*/59*", "- GET */runs?function=*",
        "The SDK leaves the size of a page at 25; limit is asked for here, up to 1000."),
    row("sdk-*/22*", "- GET */runs?function=*",
        "function.get_run lists all runs of the function, to look for the id among them; the run has a path of its "
        "own."),
    row("sdk-*/22*", "+ GET */runs/<run>",
        "As above: one request, however many runs there are."),
    row("sdk-*/28*", "- GET */functions?name=*",
        "The same question as the following, which adds the kind (the SDK of 0.13 asks for a page too many)."),
    row("sdk-*/28*", "+ GET */functions?kind=container&name=my-function&versions=all",
        "listFunctions is of container functions, whatever else has the name."),
    row("sdk-*/06*|sdk-*/60*|sdk-*/61*", "+ GET */runs/<run>",
        "One read more: a last line without its line break is complete once the run has ended, which must be known "
        "before the logs."),
    row("sdk-0.13.4/08*", "+ GET /schemas/run/*",
        "Before 0.15.1 the server tells its profiles in the schema of a run only."),
    row("sdk-*/08*", "+ GET /.well-known/configuration",
        "One read more: Core takes an unknown profile for none, so its name is looked up first; remembered for a "
        "minute."),
    row("sdk-*/08*", "+ GET */secrets",
        "One read more: Core starts a run without the secrets that it does not find, so they are looked up first."),
    row("sdk-*/30*", "+ GET */functions/*",
        "One read more: a PUT replaces the whole entity, so it starts from what the server has, not from an old "
        "object."),
    row("sdk-*/43*", "+ GET */secrets?name=S1",
        "One read more: setSecret also changes one that is there, and makes no second of the same name."),
    row("sdk-*/14*|sdk-*/16*|sdk-*/64*", "+ GET */runs/<run>",
        "One read more: Core answers 200 to an action that the run's state does not allow, so the state is looked "
        "at before, and the effect after it."),
    row("sdk-*/40*", "+ GET */runs/<run>",
        "Core deletes by and by: the answer comes when the run is gone."),
    row("sdk-*/42*", "+ GET */functions?name=my-function&versions=all",
        "See the DELETE: the versions have to be known."),
    row("sdk-*/34*", "+ GET */runs/<run>",
        "A read that failed with 500 is tried three times more, then reported.", 3),
]

PROJECTS_AND_FUNCTIONS = [
    row("sdk-*/01_*",
        "- POST /projects /spec/functions|- POST /projects /spec/artifacts|- POST /projects /spec/workflows|"
        "- POST /projects /spec/dataitems|- POST /projects /spec/models|- POST /projects /spec/config",
        "Empty members of the SDK's own project object; Core keeps the lists itself."),
    row("sdk-*/01_*", "- POST /projects /spec/context|- POST /projects /spec/source",
        "`./` is the SDK's own working folder; it means nothing to a server."),
    row("sdk-*/01b*", "- POST /projects",
        "Core allows no underscore in a project's name (the recording's stand-in did): refused with a suggestion, "
        "unsent."),
    row("sdk-*/01b*", "~ outcome",
        "See above.", "invalid_params"),
    row("sdk-*/02c*", "+ POST */functions /spec/source/source",
        "Core ignores inline code that has no path, so it gets one: `main` and the language's extension.", "main"),
    row("sdk-0.13.4/29*", "+ GET */functions?kind=container",
        "dh.list_functions(kind=…) is a TypeError in the SDK of 0.13."),
    row("sdk-0.13.4/30*", "+ PUT */functions/*",
        "The SDK of 0.13 has no add_label; the request is that of 0.15's."),
    row("sdk-0.15.11/30*", "+ PUT */functions/* /metadata/version",
        "Core names each version, and is sent back what it sent; the recording's stand-in gave none."),
    row("sdk-*/42*", "- DELETE */functions?*name=*",
        "Core ignores cascade where it deletes by name (contract, section 2)."),
    row("sdk-*/42*", "+ DELETE */functions/*?cascade=true",
        "So each version is deleted by its id, and its tasks with it."),
    row("sdk-*/45*", "- POST */functions",
        "The SDK drops a parameter that does not exist; here it is refused, by its name."),
    row("sdk-*/45*", "~ outcome",
        "See above.", "invalid_params"),
]

RUNS = [
    row("sdk-*/03*", "- POST */runs /spec/instructions",
        "A job does nothing with `instructions`: a warning says so instead."),
    row("sdk-0.13.4/09*", "+ POST */runs /spec/resources/cpu",
        "The SDK empties the reference's own layout of `resources`; it is translated here.",
        {"requests": "250m", "limits": "1"}),
    row("sdk-0.13.4/09*", "+ POST */runs /spec/resources/mem",
        "As cpu.", {"requests": "128Mi", "limits": "512Mi"}),
    row("sdk-0.15.11/09*", "- POST */runs",
        "Core takes no limits from 0.14 on, and the SDK drops them (and the requests) in silence: refused, by their "
        "names."),
    row("sdk-0.15.11/09*", "~ outcome",
        "See above.", "unsupported_parameter"),
    row("sdk-*/10*", "+ POST */functions",
        "Core names what it builds by the function's image, whatever the run says, and a version's spec can't be "
        "changed: the build is made of a new version that has the image asked for."),
    row("sdk-*/10*",
        "~ POST */tasks /spec/function|~ POST */runs /spec/function|~ POST */runs /metadata/relationships/0/dest",
        "They are of that new version."),
    row("sdk-0.15.11/10*", "~ POST */runs /spec/instructions/0",
        "From 0.14 on Core wants a whole instruction of a Dockerfile, and fails at `apt-get`.",
        "RUN apt-get update && apt-get install -y git"),
    row("sdk-*/11*", "- POST */runs /spec/service_ports/0/targetPort",
        "The reference's `targetPort`, with which Core makes a Service without ports."),
    row("sdk-*/11*", "+ POST */runs /spec/service_ports/0/target_port",
        "As Core reads it.", 8080),
    row("sdk-0.13.4/14*|sdk-0.13.4/16*", "+ POST */runs/<run>/stop|+ POST */runs/<run>/resume",
        "stop and resume are a TypeError in the SDK of 0.13; the request is the one that the SDK of 0.15 makes.", 1),
    row("sdk-0.15.11/16*", "- POST */runs/<run>/resume",
        "Core has no RESUME from 0.14 on: it would answer 200 and change nothing, so the call says that."),
    row("sdk-0.15.11/16*", "~ outcome",
        "See above.", "unsupported_method"),
    row("sdk-0.15.11/17*|sdk-0.15.11/18*", "+ POST */tasks|+ POST */runs",
        "The SDK of 0.15 has given up deploy; Core has kept it.", 1),
    row("sdk-0.13.4/17*|sdk-*/54*", "+ POST */runs",
        "The SDK refuses the reference's short form of a volume, in 17 after it has made the task; here it is an "
        "empty_dir, with a warning.", 1),
    row("sdk-0.13.4/21*", "+ GET */runs?function=*&kind=container+run&state=COMPLETED",
        "dh.list_runs(state=…) is a TypeError in the SDK of 0.13; the filters are those of 0.15's."),
    row("sdk-*/35*", "+ POST */tasks|+ POST */runs|+ GET */tasks/<task>",
        "`invalid task` is what Core says of a task that is gone. It is made anew, found there after all, and the "
        "run is sent once more.", 1),
    row("sdk-*/50*", "- POST */runs",
        "Core's mapper fails on a service type that there is not: refused before."),
    row("sdk-*/52*|sdk-*/58*", "- POST */runs",
        "Core's schema wants 1 or more; the SDK checks nothing, here it is checked."),
    row("sdk-*/50*|sdk-*/52*|sdk-*/58*", "~ outcome",
        "See above.", "invalid_params"),
    row("sdk-0.15.11/57*", "~ POST */runs /spec/resources/cpu",
        "Core's schema has no fractions: the same amount in the next smaller unit.", "500m"),
    row("sdk-*/64*", "+ DELETE */runs/<run>",
        "Core swallows a stop before RUNNING; only a deletion keeps the run from starting, and a warning says so.", 1),
    row("sdk-0.15.11/64*", "- POST */runs/<run>/stop",
        "See above: it would do nothing."),
]

BETTER = [
    row("sdk-0.13.4/14*|sdk-0.13.4/16*|sdk-0.13.4/21*|sdk-0.13.4/29*|sdk-0.13.4/30*|sdk-0.13.4/64*", "~ outcome",
        "The SDK of 0.13 fails in its own code (TypeError, AttributeError), before any request.", "success"),
    row("sdk-*/17*|sdk-0.15.11/18*|sdk-*/54*|sdk-*/35*", "~ outcome",
        "See the requests: what was asked for is done.", "success"),
    row("sdk-*/38*|sdk-*/39*", "~ outcome",
        "A level that is unknown, too low for the SDK, or empty, is taken for the nearest known: a warning, no "
        "error.", "success"),
    row("sdk-0.15.11/60*", "~ outcome",
        "The SDK fails on the log records of 0.15.1, which have no name.", "success"),
    row("sdk-*/62*", "~ outcome",
        "The SDK fails on a state that it does not know; here it is passed through.", "success"),
]

LOGINS = [
    row("auth-0.15.11/*", "- .env",
        "A second copy of the tokens, with names for the environment. The SDK reads the ini file before it."),
    row("auth-*/a11*", "- .dhcore.ini *",
        "The tokens that a personal access token is exchanged for stay in the process: the token itself can be "
        "exchanged again at any time, as the SDK does at each start anyway, so they need be nowhere on disk."),
    row("auth-0.13.4/a8*",
        "- .dhcore.ini [__default] access_token|- .dhcore.ini [__default] refresh_token|"
        "- .dhcore.ini [__default] client_id|- .dhcore.ini [__default] issuer",
        "Nothing says which SDK will read an ini file that was not there: it gets the names of 0.14 and later, "
        "which 0.13's does not know. One that has 0.13's names keeps them."),
    row("auth-0.13.4/a8*", "+ .dhcore.ini [__default] dhcore_*",
        "See above."),
    row("auth-0.13.4/a9*", "- GET /projects/my-project (no credentials)",
        "The SDK of 0.13 does not read 0.15's names in the ini file; both are read here, on every release."),
    row("auth-0.13.4/a9*",
        "+ GET /projects/*|+ GET /.well-known/openid-configuration*|+ POST /auth/token (no credentials)|"
        "~ .dhcore.ini [dev] dhcore_*|+ .dhcore.ini [dev] token_type|+ .dhcore.ini [dev] expires_in",
        "See above: the SDK of 0.15 does the same."),
    row("auth-0.13.4/a10*", "- GET /projects/my-project (Bearer env-token)",
        "0.13 takes all from the environment; here credentials are the file's first on every release, as in 0.14 "
        "and 0.15."),
    row("auth-0.13.4/a10*", "+ GET /projects/my-project (Bearer access-1)",
        "See above."),
    row("auth-*/a12*", "+ GET /.well-known/configuration*|+ POST /auth/token (no credentials)|+ GET /projects/*",
        "The SDK has to be told the issuer; here Core itself is asked, whose public configuration has the token "
        "endpoint."),
    row("auth-*/a15*", "+ GET /.well-known/configuration*|+ POST /auth/token (no credentials)|+ GET /projects/*",
        "The SDK has to be told the client id; here Core's public configuration is asked, where that has one."),
    row("auth-*/a15*", "+ .dhcore.ini *",
        "Renewed tokens are kept, as always."),
    row("auth-0.15.11/a13*", "- GET /api/auth*|- POST /auth/token*|- GET /.well-known/openid-configuration*",
        "The SDK probes Core and tries the same refresh token once more; a refused one is refused for good, and the "
        "error says which."),
    row("auth-0.15.11/a7*|auth-0.15.11/a15*", "- GET /api/auth*",
        "The SDK probes Core with the token that was just rejected."),
    row("auth-0.15.11/a15*", "- GET /.well-known/openid-configuration*",
        "The SDK asks for the token endpoint twice."),
    row("auth-0.13.4/a14*",
        "+ POST /auth/token (no credentials)|+ GET /projects/my-project (Bearer access-2)|+ .dhcore.ini *",
        "The SDK of 0.13 does not know OAUTH2_TOKEN_ENDPOINT; the one of 0.15 does the same as here."),
    row("auth-0.13.4/a17*", "+ GET /projects/my-project (Bearer access-1)",
        "The SDK of 0.13 does not know DH_NAME; here it names the profile on every release."),
    row("auth-0.13.4/a9*|auth-0.13.4/a10*|auth-*/a12*|auth-0.13.4/a14*|auth-*/a15*|auth-0.13.4/a17*", "~ outcome",
        "See above: it works.", "success"),
]

ROWS = READS + PROJECTS_AND_FUNCTIONS + RUNS + BETTER + LOGINS
