"""What the clients' tests share."""
import os, sys, time

passed = 0


def session():
    from keystoneauth1 import session as sessions
    from keystoneauth1.identity import v3

    return sessions.Session(v3.Password(
        os.environ["OS_AUTH_URL"], username=os.environ["OS_USERNAME"], password=os.environ["OS_PASSWORD"],
        project_name=os.environ["OS_PROJECT_NAME"], user_domain_id="default", project_domain_id="default"))


def check(what, found, wanted):
    if found != wanted:
        sys.exit(f"{what}: {found!r} instead of {wanted!r}")
    print(f"ok {what}")


def refused(what, error, call):
    try:
        call()
    except error:
        return print(f"ok {what} is refused")
    sys.exit(f"{what}: not refused with {error.__name__}")


def wait_until(what, holds, seconds=60):
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            sys.exit(f"not within {seconds} s: {what}")
        time.sleep(0.1)
    print(f"ok {what}")
