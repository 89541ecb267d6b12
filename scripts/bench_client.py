"""What the parts of `bench` share: a client of the cloud, and how to time things."""
import http.client, json, statistics, subprocess, sys, time

PORT = 18990


class Client:
    def __init__(self, state, port=PORT):
        self.connection = http.client.HTTPConnection("127.0.0.1", port)
        self.password = open(f"{state}/admin-password").read().strip()
        self.token = None

    def call(self, method, path, body=None, headers=None, raw=False, gone_is_fine=False):
        given = {"X-Auth-Token": self.token} if self.token else {}
        given.update(headers or {})
        data = body if raw else json.dumps(body) if body is not None else None
        if data is not None:
            given.setdefault("Content-Type", "application/json")
        self.connection.request(method, path, data, given)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status >= 400 and not (gone_is_fine and answer.status == 404):
            sys.exit(f"{method} {path}: {answer.status} {content[:300]!r}")
        if raw or not content.startswith(b"{"):
            return answer, content
        return answer, json.loads(content)

    def try_call(self, method, path, text, token):
        """Whatever the answer is; a connection that was closed is opened again."""
        headers = {"X-Auth-Token": token, "Content-Type": "application/json"}
        try:
            self.connection.request(method, path, text.encode(), headers)
            answer = self.connection.getresponse()
        except (http.client.HTTPException, OSError):
            self.connection.close()
            self.connection.request(method, path, text.encode(), headers)
            answer = self.connection.getresponse()
        return answer, answer.read()

    def log_in(self):
        user = {"name": "admin", "domain": {"id": "default"}, "password": self.password}
        auth = {"identity": {"methods": ["password"], "password": {"user": user}},
                "scope": {"project": {"name": "admin", "domain": {"id": "default"}}}}
        answer, _ = self.call("POST", "/identity/v3/auth/tokens", {"auth": auth})
        self.token = answer.getheader("X-Subject-Token")
        return self


def median(measure, times=5):
    return statistics.median(measure() for _ in range(times))


def seconds(body):
    began = time.perf_counter()
    body()
    return time.perf_counter() - began


def prepare(client):
    _, image = client.call(
        "POST", "/image/v2/images", {"name": "empty", "disk_format": "raw", "container_format": "bare"})
    client.call("PUT", f"/image/v2/images/{image['id']}/file", b"\0" * 65536,
                {"Content-Type": "application/octet-stream"}, raw=True)
    _, networks = client.call("GET", "/network/v2.0/networks?name=default")
    return {"imageRef": image["id"], "flavorRef": "42", "networks": [{"uuid": networks["networks"][0]["id"]}]}


def boot(client, shape, name):
    return client.call("POST", "/compute/v2.1/servers", {"server": {"name": name, **shape}})[1]["server"]["id"]


def wait_active(client, server):
    while True:
        status = client.call("GET", f"/compute/v2.1/servers/{server}")[1]["server"]["status"]
        if status == "ACTIVE":
            return
        if status == "ERROR":
            sys.exit(f"server {server} is in ERROR")


def run(*command, **more):
    return subprocess.run(command, check=True, capture_output=True, text=True, **more).stdout
