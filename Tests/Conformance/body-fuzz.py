#!/usr/bin/env python3
"""Bodies made of nova's own request schemas, and mutations of them, against a compute endpoint.

Nothing about bodies is written down here: routes, their microversions and the schemas are those of the installed nova
package (see schema-check.py), and its validator says of each body whether its form is right.

  body-fuzz.py --auth-url URL --username U --password P --project-name N
  --requests N     how many (2000)
  --seed N         what is random begins here (1); a run can be repeated
  --routes REGEX   only operations that match, as "POST /servers" or "POST /servers/{server_id}/action reboot"
  --report FILE    every finding as JSON

A body whose form nova refuses must be refused with 4xx. One whose form it takes must not be refused for its form:
a 400 may only speak of what the body asks for. Nothing may be answered with 5xx, save 501 where it is said that
something is not built. Exit status 1 if any of these does not hold.
"""
import argparse
import copy
import importlib.util
import json
import os
import random
import re
import sys
import uuid
import warnings

warnings.filterwarnings('ignore')
spec = importlib.util.spec_from_file_location(
    'schema_check', os.path.join(os.path.dirname(os.path.abspath(__file__)), 'schema-check.py'))
check = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check)

from nova.api.validation import validators  # noqa: E402
from nova import exception  # noqa: E402

TEXTS = [
    'a', 'abc', 'a b', 'A-b_c.1', '0', '1', '5', '-1', '255', 'true', 'False', 'auto', 'AUTO', 'none', 'manual',
    'MANUAL',
    'enabled', 'yes', '10.0.0.1', '10.0.0.0/24', '2001:db8::1', '2001:db8::/64', 'fa:16:3e:00:00:01', 'aGVsbG8=',
    '00000000-0000-4000-8000-000000000001', 'nova', 'nova:host', 'zone:host:node', 'http://x/y', '/dev/vdb', 'vdb',
    'tag1',
    '2026-01-01T00:00:00Z', '2026-01-01', 'SOFT', 'HARD', 'host.example.org', 'tcp', '22', 'x' * 255, '-', '.', '%24',
    '53', '65535', 'network-vif-plugged', 'key@host', 'a:b', 'novnc', 'vnc',
]
ODD_TEXTS = ['', ' ', ' a', 'a ', 'x' * 256, 'x' * 70000, '\u00e9', '\u3042', 'a\nb', 'a\tb', 'a\u0000b', '\u2028',
             '\u00a0', 'a/b', 'a,b', '../x', "' OR 1=1", '1e5', '0x10', '\uff11', '\U0001f600', '-1',
             '999999999999999999999']
ODD = [None, True, False, 0, -1, 1, 2 ** 31, 2 ** 63, 10 ** 30, 1.5, -0.0, 1e300, [], {}, [[]], [None], {'': ''}, [{}],
       ['a', 'a']]


class Maker:
    """Makes values that a schema may take; the validator has the last word."""

    def __init__(self, rnd, ids):
        self.rnd, self.ids = rnd, ids

    def text(self, s):
        pool = TEXTS + self.ids + [str(uuid.UUID(int=self.rnd.getrandbits(128), version=4))]
        lo, hi = s.get('minLength', 0), s.get('maxLength', 10 ** 6)
        pool = [t for t in pool if lo <= len(t) <= hi]
        if 'pattern' in s:
            pool = [t for t in pool if re.search(s['pattern'], t)]
        checker = validators._FORMAT_CHECKER
        if 'format' in s:
            pool = [t for t in pool if self.conforms(checker, t, s['format'])]
        return self.rnd.choice(pool) if pool else 'x' * max(lo, 1)

    @staticmethod
    def conforms(checker, value, name):
        try:
            checker.check(value, name)
            return True
        except Exception:
            return False

    def value(self, s, depth=0):
        rnd = self.rnd
        if depth > 8:
            return None
        for word in ('oneOf', 'anyOf'):
            if word in s:
                rest = {k: v for k, v in s.items() if k != word}
                return self.value({**rest, **rnd.choice(s[word])}, depth + 1)
        if 'allOf' in s:
            merged = {k: v for k, v in s.items() if k != 'allOf'}
            for part in s['allOf']:
                merged.update(part)
            return self.value(merged, depth + 1)
        if 'enum' in s:
            return copy.deepcopy(rnd.choice(list(s['enum'])))
        if 'const' in s:
            return copy.deepcopy(s['const'])
        kind = s.get('type')
        if isinstance(kind, list):
            kind = rnd.choice(kind)
        if kind == 'object' or (kind is None and ('properties' in s or 'patternProperties' in s)):
            return self.object(s, depth)
        if kind == 'array':
            least = s.get('minItems', 0)
            count = rnd.randint(least, min(s.get('maxItems', least + 2), least + 2))
            items = [self.value(s.get('items', {}), depth + 1) for _ in range(count)]
            return items
        if kind in ('integer', 'number'):
            lo = s.get('minimum', 0)
            return rnd.choice([lo, rnd.randint(lo, min(s.get('maximum', lo + 100), lo + 100))])
        if kind == 'boolean':
            return rnd.choice([True, False])
        if kind == 'null':
            return None
        return self.text(s)

    def object(self, s, depth):
        out = {}
        for name, sub in s.get('properties', {}).items():
            if name in s.get('required', []) or self.rnd.random() < 0.3:
                out[name] = self.value(sub, depth + 1)
        for pattern, sub in s.get('patternProperties', {}).items():
            for _ in range(max(self.rnd.randint(0, 2), s.get('minProperties', 0))):
                keys = [t for t in TEXTS if re.search(pattern, t)]
                if keys:
                    out[self.rnd.choice(keys)] = self.value(sub, depth + 1)
        if isinstance(s.get('additionalProperties'), dict) and self.rnd.random() < 0.5:
            out[self.rnd.choice(TEXTS)] = self.value(s['additionalProperties'], depth + 1)
        return out

    def places(self, value, path=()):
        yield path
        if isinstance(value, dict):
            for k in value:
                yield from self.places(value[k], path + (k,))
        elif isinstance(value, list):
            for i, v in enumerate(value[:4]):
                yield from self.places(v, path + (i,))

    def mutate(self, body):
        body, rnd = copy.deepcopy(body), self.rnd
        path = rnd.choice([p for p in self.places(body)] or [()])
        if not path:
            return rnd.choice(ODD + [body])
        at = body
        for step in path[:-1]:
            at = at[step]
        last, what = path[-1], rnd.randrange(7)
        if what == 0:
            del at[last]
        elif what == 1 and isinstance(at, dict):
            at[rnd.choice(['unknown', 'id', '', 'x' * 300, '\u00e9', str(last).upper()])] = rnd.choice(ODD + TEXTS)
        elif what == 2:
            at[last] = [at[last]]
        elif what == 3 and isinstance(at[last], list):
            at[last] = at[last] * rnd.choice([2, 3, 60])
        elif what == 4 and isinstance(at[last], (int, str)) and not isinstance(at[last], bool):
            text = str(at[last])
            at[last] = text if isinstance(at[last], int) else rnd.choice([text + ' ', text.upper(), text * 2])
        else:
            at[last] = copy.deepcopy(rnd.choice(ODD + ODD_TEXTS))
        return body


def is_valid(schema, body):
    try:
        validators._SchemaValidator(schema, False, True).validate(body)
        return True
    except exception.ValidationError:
        return False
    except Exception:  # nova itself answers this with 500
        return None


# How this project's own words for a wrong form begin; others speak of what a body asks for.
FORM = re.compile(
    r'Invalid input for field/attribute|Additional properties are not allowed|.* is a required property'
    r'|The body must be|There is no such action|Invalid request body|The request body')


# What is refused although nova's schema takes it, and why that is right: operation, message, reason.
KNOWN = [
    (r'/action ', r'The body must be an object with one key', 'nova counts the keys before it looks at the schema'),
    (r'^POST /servers$', r"'uuid' or 'port' is required", "nova's controller refuses it: no network is named"),
    (r'^POST /flavors$', r'attribute rxtx_factor', "nova refuses 0 behind the schema, which takes it"),
    (r'', r'attribute hostname', "nova's schema takes '.' and '-' for domain names"),
    (r'^POST /servers$', r'attribute uuid', "nova's controller refuses it: no network has such an id"),
    (r'', r'attribute user_data', 'nova takes for base64 what decodes to nothing'),
    (r'', r"Value: '?-?([0-9.]+e\+|[0-9]{19,})", 'no number of 64 bits'),
    (r'', r'attribute (public_key|adminPass)\..*is too long', 'more than 65,535 characters, which nova cannot keep'),
    (r'^POST /servers$', r'attribute m(in|ax)_count', 'one request makes 1,000 servers; nova leaves it to the quota'),
    (r'action resize$', r'Value: -0\.0', 'no id of a flavor'),
]


def is_known(name, words):
    return any(re.search(n, name) and re.search(w, words) for n, w, _ in KNOWN)


def operations(pattern):
    for m in check.load():
        name = '%s %s%s' % (m.verb, m.path, ' ' + m.action if m.action else '')
        if m.verb in ('POST', 'PUT') and m.body and not m.removed and re.search(pattern, name):
            yield name, m


def send(client, verb, path, minor, body):
    headers = {'Content-Type': 'application/json', 'OpenStack-API-Version': 'compute 2.%d' % minor}
    return client.s.request(verb, client.ep + path, data=json.dumps(body), headers=headers, timeout=client.timeout,
                            allow_redirects=False)


def message(response):
    try:
        found = response.json()
        return str(next(iter(found.values())).get('message', '')) if isinstance(found, dict) else ''
    except (ValueError, AttributeError, StopIteration):
        return response.text[:200]


def judge(valid, response):
    status = response.status_code
    if status >= 500 and status != 501:
        return 'server error'
    if valid is False and status < 400:
        return 'taken, although its form is wrong'
    if valid and status == 400 and FORM.match(message(response)):
        return 'refused for its form, although that is right'
    return None


def seed(client, filler, rnd):
    """Objects without which paths lead nowhere; what is there already stays."""
    for verb, path, minor, body in [
        ('POST', '/os-aggregates', 100, {'aggregate': {'name': 'fuzz-%d' % rnd.getrandbits(32)}}),
        ('POST', '/os-server-groups', 100, {'server_group': {'name': 'fuzz', 'policy': 'affinity'}}),
    ]:
        send(client, verb, path, minor, body)
    root = client.ep.split('/compute')[0] + '/image/v2/images'
    images = client.s.get(root + '?status=active', timeout=60).json()['images']
    if not images:
        images = [client.s.post(root, json={'name': 'fuzz', 'disk_format': 'raw', 'container_format': 'bare'},
                                timeout=60).json()]
        client.s.put('%s/%s/file' % (root, images[0]['id']), data=b'Z' * 65536, timeout=60,
                     headers={'Content-Type': 'application/octet-stream'})
    flavor = filler.flavor()
    if images and flavor:
        made = send(client, 'POST', '/servers', 100, {'server': {
            'name': 'fuzz', 'imageRef': images[0]['id'], 'flavorRef': flavor, 'networks': 'auto'}})
        filler.server_id = made.json().get('server', {}).get('id')
    return [i for i in [filler.server_id, images and images[0]['id'], flavor] if i]


def place(filler, path, minor):
    try:
        found = filler.fill(path, minor)
    except IndexError:  # a path below a server with one more name in it
        found = None
    return found or re.sub(r'\{[^}]*\}', 'missing', path.replace('/servers/{id}', '/servers/%s' % filler.server()))


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument('--auth-url')
    a.add_argument('--username', default=os.environ.get('OS_USERNAME', 'admin'))
    a.add_argument('--password', default=os.environ.get('OS_PASSWORD'))
    a.add_argument('--project-name', default=os.environ.get('OS_PROJECT_NAME', 'admin'))
    a.add_argument('--user-domain-name', default='Default')
    a.add_argument('--project-domain-name', default='Default')
    a.add_argument('--requests', type=int, default=2000)
    a.add_argument('--seed', type=int, default=1)
    a.add_argument('--routes', default='')
    a.add_argument('--report')
    a.set_defaults(endpoint=None, verify=True, interface='public', region=None)
    a = a.parse_args()
    endpoint, token, project = check.login(a)
    client = check.Client(endpoint, token)
    filler = check.Filler(client, project)
    rnd = random.Random(a.seed)
    maker = Maker(rnd, seed(client, filler, rnd))
    todo = list(operations(a.routes))
    if not todo:
        sys.exit('No operation matches --routes %r.' % a.routes)
    counts, findings = {'valid': 0, 'invalid': 0, 'unknown': 0}, {}
    for number in range(a.requests):
        name, m = todo[number % len(todo)]
        low, high, schema = rnd.choice([s for s in m.body if s[0] <= m.hi and s[1] >= m.lo])
        minor = rnd.randint(max(low, m.lo), min(high, m.hi))
        body = maker.value(schema)
        if number // len(todo) % 3:
            body = maker.mutate(body)
        valid = is_valid(schema, body)
        counts[{True: 'valid', False: 'invalid', None: 'unknown'}[valid]] += 1
        path = place(filler, m.path, minor)
        response = send(client, m.verb, path, minor, body)
        why = judge(valid, response)
        if why and not (valid and is_known(name, message(response))):
            words = re.sub(r"Value: .{0,300}", 'Value', message(response))[:160]
            findings.setdefault((name, why, words), []).append(
                {'version': '2.%d' % minor, 'status': response.status_code, 'body': body, 'message': message(response)})
    print('seed %d: %d requests to %d operations; by nova %d bodies are right, %d wrong, %d neither' % (
        a.seed, a.requests, len(todo), counts['valid'], counts['invalid'], counts['unknown']))
    for (name, why, words), found in sorted(findings.items()):
        least = min(found, key=lambda f: len(json.dumps(f['body'])))
        print('%s: %s (%d times)\n    %s %s -> %d %s' % (
            name, why, len(found), least['version'], json.dumps(least['body'])[:300], least['status'],
            least['message'][:200]))
    if a.report:
        with open(a.report, 'w') as f:
            json.dump([{'operation': n, 'why': w, 'found': x} for (n, w, _), x in findings.items()], f, indent=1)
    sys.exit(1 if findings else 0)


if __name__ == '__main__':
    main()
