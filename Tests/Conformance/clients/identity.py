"""python-keystoneclient and keystoneauth, with which Heat trusts itself."""
from keystoneauth1 import exceptions as exc
from keystoneauth1 import session as sessions
from keystoneauth1.identity import v3
from keystoneclient.v3 import client
from common import check, refused, session
import os


def main():
    own = session()
    keystone = client.Client(session=own)
    trustor, project = own.get_user_id(), own.get_project_id()
    trustee = keystone.users.create("trustee", password="secret", domain="default")
    trust = keystone.trusts.create(
        trustee_user=trustee.id, trustor_user=trustor, project=project, role_names=["admin"], impersonation=True,
        remaining_uses=1)
    check("trusts of a trustor", [t.id for t in keystone.trusts.list(trustor_user=trustor)], [trust.id])

    def login():
        return sessions.Session(v3.Password(
            os.environ["OS_AUTH_URL"], username="trustee", password="secret", user_domain_id="default",
            trust_id=trust.id))

    under = login()
    check("an impersonator", (under.get_user_id(), under.get_project_id()), (trustor, project))
    check("a trust in a token", under.auth.get_access(under).trust_id, trust.id)
    refused("a second use", exc.Unauthorized, lambda: login().get_token())
    refused("a trust that is used up", exc.NotFound, lambda: keystone.trusts.get(trust.id))
    keystone.users.delete(trustee.id)
    refused("a token of nobody", exc.Unauthorized, lambda: client.Client(session=under).users.list())


if __name__ == "__main__":
    main()
