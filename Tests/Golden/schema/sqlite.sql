CREATE TABLE address_allocations (
subnet_id TEXT NOT NULL REFERENCES subnets (id),
address TEXT NOT NULL,
port_id TEXT NOT NULL REFERENCES ports (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
PRIMARY KEY (subnet_id, address)
) STRICT;

CREATE TABLE address_hints (
subnet_id TEXT PRIMARY KEY NOT NULL REFERENCES subnets (id) ON DELETE CASCADE,
next_offset INTEGER NOT NULL
) STRICT;

CREATE TABLE address_scopes (
id TEXT PRIMARY KEY NOT NULL,
project_id TEXT NOT NULL,
name TEXT NOT NULL,
ip_version INTEGER NOT NULL CHECK (ip_version IN (4, 6)),
is_shared INTEGER NOT NULL CHECK (is_shared IN (0, 1)),
created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE aggregate_hosts (
aggregate_id INTEGER NOT NULL REFERENCES aggregates (id),
host_id TEXT NOT NULL REFERENCES hosts (id),
PRIMARY KEY (aggregate_id, host_id)
) STRICT;

CREATE TABLE aggregates (
id INTEGER PRIMARY KEY NOT NULL,
uuid TEXT NOT NULL UNIQUE,
name TEXT NOT NULL UNIQUE CHECK (name <> ''),
metadata TEXT NOT NULL,
created_at INTEGER NOT NULL,
updated_at INTEGER
) STRICT;

CREATE TABLE allocations (
consumer_id TEXT NOT NULL,
provider_id TEXT NOT NULL REFERENCES resource_providers (id),
resource_class TEXT NOT NULL,
used INTEGER NOT NULL CHECK (used > 0),
project_id TEXT NOT NULL,
user_id TEXT NOT NULL,
PRIMARY KEY (consumer_id, provider_id, resource_class)
) STRICT;

CREATE TABLE application_credentials (
id TEXT PRIMARY KEY NOT NULL,
user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
name TEXT NOT NULL,
description TEXT,
secret_hash TEXT NOT NULL,
roles TEXT NOT NULL,
unrestricted INTEGER NOT NULL CHECK (unrestricted IN (0, 1)),
expires_at INTEGER,
UNIQUE (user_id, name)
) STRICT;

CREATE TABLE catalog_services (
id TEXT PRIMARY KEY NOT NULL,
type TEXT NOT NULL,
name TEXT NOT NULL,
description TEXT NOT NULL,
enabled INTEGER NOT NULL CHECK (enabled IN (0, 1))
, extra TEXT NOT NULL DEFAULT '{}') STRICT;

CREATE TABLE change_feed (
topic TEXT PRIMARY KEY NOT NULL,
sequence INTEGER NOT NULL
) STRICT;

CREATE TABLE console_tokens (
hash TEXT PRIMARY KEY NOT NULL,
server_id TEXT NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
host_id TEXT NOT NULL REFERENCES hosts (id) ON DELETE CASCADE,
kind TEXT NOT NULL CHECK (kind IN ('vnc', 'serial')),
expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE credentials (
id TEXT PRIMARY KEY NOT NULL,
user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
project_id TEXT,
type TEXT NOT NULL,
blob TEXT NOT NULL,
extra TEXT NOT NULL
) STRICT;

CREATE TABLE domains (
id TEXT PRIMARY KEY NOT NULL,
name TEXT NOT NULL UNIQUE CHECK (name <> ''),
description TEXT NOT NULL,
enabled INTEGER NOT NULL CHECK (enabled IN (0, 1))
, options TEXT NOT NULL DEFAULT '{}', extra TEXT NOT NULL DEFAULT '{}', tags TEXT NOT NULL DEFAULT '[]', epoch INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE TABLE endpoints (
id TEXT PRIMARY KEY NOT NULL,
service_id TEXT NOT NULL REFERENCES catalog_services (id) ON DELETE CASCADE,
interface TEXT NOT NULL CHECK (interface IN ('public', 'internal', 'admin')),
url TEXT NOT NULL,
region_id TEXT NOT NULL REFERENCES regions (id),
enabled INTEGER NOT NULL CHECK (enabled IN (0, 1))
, extra TEXT NOT NULL DEFAULT '{}') STRICT;

CREATE TABLE flavor_access (
flavor_id TEXT NOT NULL REFERENCES flavors (id) ON DELETE CASCADE,
project_id TEXT NOT NULL,
PRIMARY KEY (flavor_id, project_id)
) STRICT;

CREATE TABLE flavors (
id TEXT PRIMARY KEY NOT NULL,
name TEXT NOT NULL UNIQUE,
vcpus INTEGER NOT NULL CHECK (vcpus >= 1),
memory INTEGER NOT NULL CHECK (memory >= 1),
disk INTEGER NOT NULL CHECK (disk >= 0),
ephemeral INTEGER NOT NULL CHECK (ephemeral >= 0),
swap INTEGER NOT NULL CHECK (swap >= 0),
rxtx_factor TEXT NOT NULL,
is_public INTEGER NOT NULL CHECK (is_public IN (0, 1)),
is_disabled INTEGER NOT NULL CHECK (is_disabled IN (0, 1)),
description TEXT,
extra_specs TEXT NOT NULL,
created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE floating_ips (
id TEXT PRIMARY KEY NOT NULL,
project_id TEXT NOT NULL,
description TEXT NOT NULL,
network_id TEXT NOT NULL REFERENCES networks (id),
address TEXT NOT NULL,
holder_port_id TEXT NOT NULL REFERENCES ports (id),
port_id TEXT REFERENCES ports (id),
fixed_address TEXT,
router_id TEXT REFERENCES routers (id),
tags TEXT NOT NULL,
created_at INTEGER NOT NULL,
updated_at INTEGER NOT NULL, dns_name TEXT NOT NULL DEFAULT '', dns_domain TEXT NOT NULL DEFAULT '', revision INTEGER NOT NULL DEFAULT 0,
UNIQUE (network_id, address),
UNIQUE (port_id, fixed_address),
CHECK ((port_id IS NULL) = (fixed_address IS NULL))
) STRICT;

CREATE TABLE group_assignments (
key TEXT PRIMARY KEY NOT NULL,
group_id TEXT NOT NULL REFERENCES user_groups (id) ON DELETE CASCADE,
target TEXT NOT NULL CHECK (target IN ('project', 'domain', 'system')),
target_id TEXT NOT NULL,
role_id TEXT NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
inherited INTEGER NOT NULL
) STRICT;

CREATE TABLE group_members (
group_id TEXT NOT NULL REFERENCES user_groups (id) ON DELETE CASCADE,
user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
PRIMARY KEY (group_id, user_id)
) STRICT;

CREATE TABLE guest_passwords (
server_id TEXT PRIMARY KEY NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
password TEXT NOT NULL CHECK (password <> '')
) STRICT;

CREATE TABLE host_commands (
id TEXT PRIMARY KEY NOT NULL,
host_id TEXT NOT NULL REFERENCES hosts (id),
server_id TEXT NOT NULL,
action TEXT NOT NULL,
arguments TEXT NOT NULL,
state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'cancelling', 'done', 'failed')),
progress INTEGER NOT NULL CHECK (progress BETWEEN 0 AND 100),
result TEXT,
failure TEXT,
sequence INTEGER NOT NULL,
request_id TEXT,
updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE host_feeds (
host_id TEXT PRIMARY KEY NOT NULL REFERENCES hosts (id) ON DELETE CASCADE,
sequence INTEGER NOT NULL CHECK (sequence >= 0)
) STRICT;

CREATE TABLE hosts (
id TEXT PRIMARY KEY NOT NULL,
hostname TEXT NOT NULL UNIQUE,
availability_zone TEXT NOT NULL,
is_disabled INTEGER NOT NULL CHECK (is_disabled IN (0, 1)),
disabled_reason TEXT,
is_forced_down INTEGER NOT NULL CHECK (is_forced_down IN (0, 1)),
last_seen_at INTEGER NOT NULL,
inventory TEXT NOT NULL,
created_at INTEGER NOT NULL
, started_at INTEGER, agent_description TEXT, troubles TEXT NOT NULL DEFAULT '{}', number INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE TABLE image_members (
image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
member TEXT NOT NULL,
status TEXT NOT NULL CHECK (status IN ('pending', 'accepted', 'rejected')),
created_at INTEGER NOT NULL,
updated_at INTEGER NOT NULL,
PRIMARY KEY (image_id, member)
) STRICT;

CREATE TABLE images (
id TEXT PRIMARY KEY NOT NULL,
project_id TEXT NOT NULL,
name TEXT,
status TEXT NOT NULL
    CHECK (status IN ('queued', 'saving', 'active', 'deactivated', 'killed', 'deleted')),
visibility TEXT NOT NULL CHECK (visibility IN ('public', 'private', 'shared', 'community')),
is_protected INTEGER NOT NULL CHECK (is_protected IN (0, 1)),
is_hidden INTEGER NOT NULL CHECK (is_hidden IN (0, 1)),
disk_format TEXT,
container_format TEXT,
min_disk INTEGER NOT NULL CHECK (min_disk >= 0),
min_ram INTEGER NOT NULL CHECK (min_ram >= 0),
size INTEGER CHECK (size >= 0),
virtual_size INTEGER CHECK (virtual_size >= 0),
checksum TEXT,
sha512 TEXT,
properties TEXT NOT NULL,
tags TEXT NOT NULL,
created_at INTEGER NOT NULL,
updated_at INTEGER NOT NULL, is_staged INTEGER NOT NULL DEFAULT 0 CHECK (is_staged IN (0, 1)), upload TEXT, upload_until INTEGER NOT NULL DEFAULT 0,
CHECK (status <> 'active' OR (size IS NOT NULL AND sha512 IS NOT NULL))
) STRICT;

CREATE TABLE inventories (
key TEXT PRIMARY KEY NOT NULL,
provider_id TEXT NOT NULL REFERENCES resource_providers (id) ON DELETE CASCADE,
resource_class TEXT NOT NULL,
total INTEGER NOT NULL CHECK (total >= 0),
reserved INTEGER NOT NULL CHECK (reserved >= 0),
min_unit INTEGER NOT NULL CHECK (min_unit >= 1),
max_unit INTEGER NOT NULL CHECK (max_unit >= 1),
step_size INTEGER NOT NULL CHECK (step_size >= 1),
allocation_ratio INTEGER NOT NULL CHECK (allocation_ratio > 0),
used INTEGER NOT NULL CHECK (used >= 0)
) STRICT;

CREATE TABLE keypairs (
key TEXT PRIMARY KEY NOT NULL,
user_id TEXT NOT NULL,
name TEXT NOT NULL,
type TEXT NOT NULL CHECK (type IN ('ssh', 'x509')),
public_key TEXT NOT NULL,
fingerprint TEXT NOT NULL,
keys TEXT NOT NULL,
created_at INTEGER NOT NULL
, number INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE TABLE migrations (name TEXT PRIMARY KEY, checksum TEXT NOT NULL) STRICT;

CREATE TABLE network_generations (
part TEXT PRIMARY KEY NOT NULL,
generation TEXT NOT NULL CHECK (generation <> '')
) STRICT;

CREATE TABLE network_outbox (
sequence INTEGER PRIMARY KEY NOT NULL,
device_id TEXT NOT NULL
) STRICT;

CREATE TABLE networks (
id TEXT PRIMARY KEY NOT NULL,
project_id TEXT NOT NULL,
name TEXT NOT NULL,
description TEXT NOT NULL,
admin_state_up INTEGER NOT NULL CHECK (admin_state_up IN (0, 1)),
is_shared INTEGER NOT NULL CHECK (is_shared IN (0, 1)),
is_external INTEGER NOT NULL CHECK (is_external IN (0, 1)),
is_default INTEGER NOT NULL CHECK (is_default IN (0, 1)),
port_security_enabled INTEGER NOT NULL CHECK (port_security_enabled IN (0, 1)),
mtu INTEGER NOT NULL CHECK (mtu BETWEEN 68 AND 65535),
segmentation_id INTEGER NOT NULL UNIQUE,
tags TEXT NOT NULL,
created_at INTEGER NOT NULL,
updated_at INTEGER NOT NULL
, dns_domain TEXT NOT NULL DEFAULT '', availability_zone_hints TEXT NOT NULL DEFAULT '[]', revision INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE TABLE numbers (
name TEXT PRIMARY KEY NOT NULL,
last INTEGER NOT NULL CHECK (last >= 0)
) STRICT;

CREATE TABLE port_security_groups (
port_id TEXT NOT NULL REFERENCES ports (id) ON DELETE CASCADE,
security_group_id TEXT NOT NULL REFERENCES security_groups (id),
PRIMARY KEY (port_id, security_group_id)
) STRICT;

CREATE TABLE ports (
id TEXT PRIMARY KEY NOT NULL,
network_id TEXT NOT NULL REFERENCES networks (id),
project_id TEXT NOT NULL,
name TEXT NOT NULL,
description TEXT NOT NULL,
admin_state_up INTEGER NOT NULL CHECK (admin_state_up IN (0, 1)),
mac_address TEXT NOT NULL,
fixed_ips TEXT NOT NULL,
device_id TEXT NOT NULL,
device_owner TEXT NOT NULL,
security_groups TEXT NOT NULL,
port_security_enabled INTEGER NOT NULL CHECK (port_security_enabled IN (0, 1)),
allowed_address_pairs TEXT NOT NULL,
binding_host TEXT NOT NULL,
binding_profile TEXT NOT NULL,
vnic_type TEXT NOT NULL,
status TEXT NOT NULL CHECK (status IN ('DOWN', 'BUILD', 'ACTIVE', 'ERROR')),
dns_name TEXT NOT NULL,
tags TEXT NOT NULL,
created_at INTEGER NOT NULL,
updated_at INTEGER NOT NULL, profile TEXT NOT NULL DEFAULT '{}', revision INTEGER NOT NULL DEFAULT 0,
UNIQUE (network_id, mac_address)
) STRICT;

CREATE TABLE projects (
id TEXT PRIMARY KEY NOT NULL,
name TEXT NOT NULL CHECK (name <> ''),
domain_id TEXT NOT NULL REFERENCES domains (id),
description TEXT NOT NULL,
enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)), options TEXT NOT NULL DEFAULT '{}', extra TEXT NOT NULL DEFAULT '{}', tags TEXT NOT NULL DEFAULT '[]', epoch INTEGER NOT NULL DEFAULT 0, parent_id TEXT,
UNIQUE (domain_id, name)
) STRICT;

CREATE TABLE quota_classes (
class TEXT NOT NULL,
resource TEXT NOT NULL,
limit_value INTEGER NOT NULL CHECK (limit_value >= -1),
PRIMARY KEY (class, resource)
) STRICT;

CREATE TABLE quotas (
project_id TEXT NOT NULL,
resource TEXT NOT NULL,
limit_value INTEGER NOT NULL CHECK (limit_value >= -1),
used INTEGER NOT NULL CHECK (used >= 0), is_own INTEGER NOT NULL DEFAULT 1 CHECK (is_own IN (0, 1)),
PRIMARY KEY (project_id, resource)
) STRICT;

CREATE TABLE regions (
id TEXT PRIMARY KEY NOT NULL,
description TEXT NOT NULL
, extra TEXT NOT NULL DEFAULT '{}', parent_region_id TEXT) STRICT;

CREATE TABLE resource_classes (
name TEXT PRIMARY KEY NOT NULL CHECK (name LIKE 'CUSTOM!_%' ESCAPE '!')
) STRICT;

CREATE TABLE resource_provider_aggregates (
provider_id TEXT NOT NULL REFERENCES resource_providers (id) ON DELETE CASCADE,
aggregate_id TEXT NOT NULL CHECK (aggregate_id <> ''),
PRIMARY KEY (provider_id, aggregate_id)
) STRICT;

CREATE TABLE resource_provider_traits (
provider_id TEXT NOT NULL REFERENCES resource_providers (id) ON DELETE CASCADE,
trait TEXT NOT NULL CHECK (trait <> ''), is_reported INTEGER NOT NULL DEFAULT 1 CHECK (is_reported IN (0, 1)),
PRIMARY KEY (provider_id, trait)
) STRICT;

CREATE TABLE resource_providers (
id TEXT PRIMARY KEY NOT NULL,
name TEXT NOT NULL UNIQUE,
generation INTEGER NOT NULL CHECK (generation >= 0)
, epoch INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE TABLE revoked_tokens (
audit_id TEXT PRIMARY KEY NOT NULL,
expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE role_assignments (
key TEXT PRIMARY KEY NOT NULL,
user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
target TEXT NOT NULL CHECK (target IN ('project', 'domain', 'system')),
target_id TEXT NOT NULL,
role_id TEXT NOT NULL REFERENCES roles (id) ON DELETE CASCADE
, inherited INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE TABLE role_implications (
prior_role_id TEXT NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
implied_role_id TEXT NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
PRIMARY KEY (prior_role_id, implied_role_id)
) STRICT;

CREATE TABLE roles (
id TEXT PRIMARY KEY NOT NULL,
name TEXT NOT NULL UNIQUE CHECK (name <> ''),
description TEXT
, options TEXT NOT NULL DEFAULT '{}', extra TEXT NOT NULL DEFAULT '{}', domain_id TEXT) STRICT;

CREATE TABLE routers (
id TEXT PRIMARY KEY NOT NULL,
project_id TEXT NOT NULL,
name TEXT NOT NULL,
description TEXT NOT NULL,
admin_state_up INTEGER NOT NULL CHECK (admin_state_up IN (0, 1)),
gateway_network_id TEXT REFERENCES networks (id),
gateway_port_id TEXT REFERENCES ports (id),
snat_enabled INTEGER NOT NULL CHECK (snat_enabled IN (0, 1)),
routes TEXT NOT NULL,
tags TEXT NOT NULL,
created_at INTEGER NOT NULL,
updated_at INTEGER NOT NULL, availability_zone_hints TEXT NOT NULL DEFAULT '[]', revision INTEGER NOT NULL DEFAULT 0,
CHECK ((gateway_network_id IS NULL) = (gateway_port_id IS NULL))
) STRICT;

CREATE TABLE security_group_rules (
id TEXT PRIMARY KEY NOT NULL,
security_group_id TEXT NOT NULL REFERENCES security_groups (id) ON DELETE CASCADE,
project_id TEXT NOT NULL,
description TEXT NOT NULL,
direction TEXT NOT NULL CHECK (direction IN ('ingress', 'egress')),
ether_type TEXT NOT NULL CHECK (ether_type IN ('IPv4', 'IPv6')),
transport TEXT,
port_min INTEGER,
port_max INTEGER,
remote_prefix TEXT,
remote_group_id TEXT REFERENCES security_groups (id) ON DELETE CASCADE,
created_at INTEGER NOT NULL, tags TEXT NOT NULL DEFAULT '[]', updated_at INTEGER NOT NULL DEFAULT 0, revision INTEGER NOT NULL DEFAULT 0,
CHECK (remote_prefix IS NULL OR remote_group_id IS NULL)
) STRICT;

CREATE TABLE security_groups (
id TEXT PRIMARY KEY NOT NULL,
project_id TEXT NOT NULL,
name TEXT NOT NULL,
description TEXT NOT NULL,
stateful INTEGER NOT NULL CHECK (stateful IN (0, 1)),
tags TEXT NOT NULL,
created_at INTEGER NOT NULL,
updated_at INTEGER NOT NULL
, revision INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE TABLE server_group_members (
server_id TEXT PRIMARY KEY NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
group_id TEXT NOT NULL REFERENCES server_groups (id) ON DELETE CASCADE
) STRICT;

CREATE TABLE server_groups (
id TEXT PRIMARY KEY NOT NULL,
project_id TEXT NOT NULL,
user_id TEXT NOT NULL,
name TEXT NOT NULL,
policy TEXT NOT NULL CHECK (
    policy IN ('affinity', 'anti-affinity', 'soft-affinity', 'soft-anti-affinity')),
max_server_per_host INTEGER CHECK (max_server_per_host >= 1),
created_at INTEGER NOT NULL,
CHECK (max_server_per_host IS NULL OR policy = 'anti-affinity')
) STRICT;

CREATE TABLE server_migrations (
uuid TEXT PRIMARY KEY NOT NULL,
id INTEGER NOT NULL UNIQUE,
server_id TEXT NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
kind TEXT NOT NULL CHECK (kind IN ('resize', 'migration', 'live-migration', 'evacuation')),
status TEXT NOT NULL,
source_host_id TEXT NOT NULL,
target_host_id TEXT NOT NULL,
old_flavor_id TEXT NOT NULL,
old_flavor TEXT NOT NULL,
new_flavor_id TEXT NOT NULL,
new_flavor TEXT NOT NULL,
settled TEXT NOT NULL,
machine INTEGER,
user_id TEXT NOT NULL,
created_at INTEGER NOT NULL,
updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE server_placements (
server_id TEXT NOT NULL,
host_id TEXT NOT NULL REFERENCES hosts (id),
role TEXT NOT NULL CHECK (role IN ('current', 'target', 'source', 'leaving')),
consumer_id TEXT,
epoch INTEGER NOT NULL CHECK (epoch >= 0),
sequence INTEGER NOT NULL,
document TEXT,
observed_epoch INTEGER NOT NULL,
observed_power TEXT NOT NULL,
failure TEXT, moments TEXT, metadata_at INTEGER,
PRIMARY KEY (server_id, host_id)
) STRICT;

CREATE TABLE server_requests (
server_id TEXT PRIMARY KEY NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
image TEXT NOT NULL,
nics TEXT NOT NULL,
user_data TEXT,
public_keys TEXT NOT NULL,
security_groups TEXT NOT NULL,
admin_password TEXT
, files TEXT NOT NULL DEFAULT '[]') STRICT;

CREATE TABLE servers (
id TEXT PRIMARY KEY NOT NULL,
project_id TEXT NOT NULL,
user_id TEXT NOT NULL,
name TEXT NOT NULL,
description TEXT,
hostname TEXT NOT NULL,
reservation_id TEXT NOT NULL,
launch_index INTEGER NOT NULL,
settled TEXT NOT NULL CHECK (settled IN (
    'building', 'active', 'paused', 'suspended', 'stopped', 'rescued', 'resized', 'error', 'deleted',
    'soft_deleted', 'shelved', 'shelved_offloaded')),
operation TEXT,
phase INTEGER NOT NULL,
power INTEGER NOT NULL,
fault TEXT,
is_locked INTEGER NOT NULL CHECK (is_locked IN (0, 1)),
locked_by_admin INTEGER NOT NULL CHECK (locked_by_admin IN (0, 1)),
locked_reason TEXT,
workflow_id TEXT,
host_id TEXT REFERENCES hosts (id),
requested_zone TEXT,
availability_zone TEXT,
flavor_id TEXT NOT NULL,
flavor TEXT NOT NULL,
image_id TEXT,
image_properties TEXT NOT NULL,
key_name TEXT,
metadata TEXT NOT NULL,
tags TEXT NOT NULL,
addresses TEXT NOT NULL,
security_groups TEXT NOT NULL,
hints TEXT NOT NULL,
config_drive INTEGER NOT NULL CHECK (config_drive IN (0, 1)),
access_ipv4 TEXT,
access_ipv6 TEXT,
disk_config TEXT NOT NULL CHECK (disk_config IN ('AUTO', 'MANUAL')),
created_at INTEGER NOT NULL,
updated_at INTEGER NOT NULL,
launched_at INTEGER,
terminated_at INTEGER,
deleted_at INTEGER, progress INTEGER, trusted_certificates TEXT,
CHECK ((settled = 'deleted') = (deleted_at IS NOT NULL)),
CHECK ((operation IS NULL) = (workflow_id IS NULL)),
CHECK (host_id IS NOT NULL OR settled NOT IN (
    'active', 'paused', 'suspended', 'stopped', 'rescued', 'resized', 'shelved'))
) STRICT;

CREATE TABLE set_aside_servers (
server_id TEXT PRIMARY KEY NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
since INTEGER NOT NULL,
image_id TEXT
) STRICT;

CREATE TABLE subnetpools (
id TEXT PRIMARY KEY NOT NULL,
project_id TEXT NOT NULL,
name TEXT NOT NULL,
description TEXT NOT NULL,
prefixes TEXT NOT NULL,
ip_version INTEGER NOT NULL CHECK (ip_version IN (4, 6)),
min_prefixlen INTEGER NOT NULL CHECK (min_prefixlen >= 0),
max_prefixlen INTEGER NOT NULL CHECK (max_prefixlen <= CASE ip_version WHEN 4 THEN 32 ELSE 128 END),
default_prefixlen INTEGER NOT NULL,
default_quota INTEGER CHECK (default_quota >= 0),
is_default INTEGER NOT NULL CHECK (is_default IN (0, 1)),
is_shared INTEGER NOT NULL CHECK (is_shared IN (0, 1)),
address_scope_id TEXT REFERENCES address_scopes (id),
tags TEXT NOT NULL,
created_at INTEGER NOT NULL,
updated_at INTEGER NOT NULL,
revision INTEGER NOT NULL CHECK (revision >= 0),
CHECK (min_prefixlen <= default_prefixlen AND default_prefixlen <= max_prefixlen)
) STRICT;

CREATE TABLE subnets (
id TEXT PRIMARY KEY NOT NULL,
network_id TEXT NOT NULL REFERENCES networks (id),
project_id TEXT NOT NULL,
name TEXT NOT NULL,
description TEXT NOT NULL,
ip_version INTEGER NOT NULL CHECK (ip_version IN (4, 6)),
cidr TEXT NOT NULL,
gateway_ip TEXT,
enable_dhcp INTEGER NOT NULL CHECK (enable_dhcp IN (0, 1)),
dns_nameservers TEXT NOT NULL,
host_routes TEXT NOT NULL,
allocation_pools TEXT NOT NULL,
ipv6_address_mode TEXT,
ipv6_ra_mode TEXT,
tags TEXT NOT NULL,
created_at INTEGER NOT NULL,
updated_at INTEGER NOT NULL
, revision INTEGER NOT NULL DEFAULT 0, subnetpool_id TEXT REFERENCES subnetpools (id)) STRICT;

CREATE TABLE token_keys (
id TEXT PRIMARY KEY NOT NULL,
secret TEXT NOT NULL,
created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE traits (
name TEXT PRIMARY KEY NOT NULL CHECK (name LIKE 'CUSTOM!_%' ESCAPE '!')
) STRICT;

CREATE TABLE trusts (
id TEXT PRIMARY KEY NOT NULL,
trustor_user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
trustee_user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
project_id TEXT REFERENCES projects (id) ON DELETE CASCADE,
impersonation INTEGER NOT NULL CHECK (impersonation IN (0, 1)),
roles TEXT NOT NULL,
expires_at INTEGER,
remaining_uses INTEGER CHECK (remaining_uses >= 0),
redelegation_count INTEGER NOT NULL CHECK (redelegation_count >= 0),
redelegated_trust_id TEXT REFERENCES trusts (id) ON DELETE CASCADE,
extra TEXT NOT NULL,
CHECK (remaining_uses IS NULL OR redelegation_count = 0)
) STRICT;

CREATE TABLE user_groups (
id TEXT PRIMARY KEY NOT NULL,
name TEXT NOT NULL CHECK (name <> ''),
domain_id TEXT NOT NULL REFERENCES domains (id),
description TEXT NOT NULL,
extra TEXT NOT NULL,
UNIQUE (domain_id, name)
) STRICT;

CREATE TABLE users (
id TEXT PRIMARY KEY NOT NULL,
name TEXT NOT NULL CHECK (name <> ''),
domain_id TEXT NOT NULL REFERENCES domains (id),
default_project_id TEXT,
email TEXT,
description TEXT,
enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
password_hash TEXT,
epoch INTEGER NOT NULL CHECK (epoch >= 0), options TEXT NOT NULL DEFAULT '{}', extra TEXT NOT NULL DEFAULT '{}',
UNIQUE (domain_id, name)
) STRICT;

CREATE TABLE workflows (
id TEXT PRIMARY KEY NOT NULL,
kind TEXT NOT NULL,
server_id TEXT,
action TEXT NOT NULL,
project_id TEXT NOT NULL,
user_id TEXT NOT NULL,
request_id TEXT NOT NULL,
input TEXT NOT NULL,
outputs TEXT NOT NULL,
step TEXT NOT NULL,
direction TEXT NOT NULL CHECK (direction IN ('forward', 'unwinding')),
attempt INTEGER NOT NULL CHECK (attempt >= 0),
lease_epoch INTEGER NOT NULL,
lease_until INTEGER NOT NULL,
wake_at INTEGER NOT NULL,
deadline INTEGER NOT NULL,
signals INTEGER NOT NULL CHECK (signals >= 0),
failure TEXT,
outcome TEXT CHECK (outcome IN ('Success', 'Error')),
created_at INTEGER NOT NULL,
updated_at INTEGER NOT NULL,
finished_at INTEGER,
awaits_turn INTEGER NOT NULL DEFAULT 0 CHECK (awaits_turn IN (0, 1)),
CHECK ((outcome IS NULL) = (finished_at IS NULL))
) STRICT;

CREATE INDEX address_allocations_by_port ON address_allocations (port_id);

CREATE INDEX address_scopes_by_project ON address_scopes (project_id, created_at, id);

CREATE INDEX aggregate_hosts_by_host ON aggregate_hosts (host_id);

CREATE INDEX allocations_by_project ON allocations (project_id);

CREATE INDEX allocations_by_provider ON allocations (provider_id);

CREATE INDEX console_tokens_end ON console_tokens (expires_at);

CREATE INDEX console_tokens_server ON console_tokens (server_id);

CREATE INDEX credentials_by_user ON credentials (user_id);

CREATE INDEX floating_ips_by_project ON floating_ips (project_id);

CREATE INDEX floating_ips_by_router ON floating_ips (router_id);

CREATE INDEX group_assignments_by_group ON group_assignments (group_id);

CREATE INDEX group_assignments_by_target ON group_assignments (target_id);

CREATE INDEX group_members_by_user ON group_members (user_id);

CREATE INDEX host_commands_by_server ON host_commands (server_id);

CREATE INDEX host_commands_by_time ON host_commands (updated_at);

CREATE INDEX host_commands_open ON host_commands (host_id, sequence)
WHERE state IN ('waiting', 'running', 'cancelling');

CREATE UNIQUE INDEX hosts_by_number ON hosts (number);

CREATE INDEX image_members_by_member ON image_members (member);

CREATE INDEX images_by_creation ON images (created_at, id);

CREATE INDEX images_by_name ON images (name);

CREATE INDEX images_by_project ON images (project_id);

CREATE INDEX inventories_by_provider ON inventories (provider_id);

CREATE UNIQUE INDEX keypairs_by_number ON keypairs (number);

CREATE INDEX keypairs_by_user ON keypairs (user_id, name);

CREATE INDEX networks_by_project ON networks (project_id);

CREATE INDEX port_security_groups_by_group ON port_security_groups (security_group_id);

CREATE INDEX ports_by_creation ON ports (created_at, id);

CREATE INDEX ports_by_device ON ports (device_id);

CREATE INDEX ports_by_host ON ports (binding_host);

CREATE INDEX ports_by_project ON ports (project_id, created_at, id);

CREATE INDEX ports_of_routers ON ports (network_id, device_id)
WHERE device_owner = 'network:router_interface';

CREATE INDEX projects_by_parent ON projects (parent_id);

CREATE INDEX role_assignments_by_target ON role_assignments (target_id);

CREATE INDEX role_assignments_by_user ON role_assignments (user_id);

CREATE INDEX routers_by_project ON routers (project_id);

CREATE INDEX security_group_rules_by_group ON security_group_rules (security_group_id);

CREATE INDEX security_group_rules_by_remote ON security_group_rules (remote_group_id);

CREATE INDEX security_groups_by_project ON security_groups (project_id);

CREATE UNIQUE INDEX security_groups_default ON security_groups (project_id) WHERE name = 'default';

CREATE INDEX server_group_members_by_group ON server_group_members (group_id);

CREATE INDEX server_groups_by_project ON server_groups (project_id, created_at, id);

CREATE INDEX server_migrations_by_server ON server_migrations (server_id, created_at);

CREATE INDEX server_placements_by_host ON server_placements (host_id, sequence);

CREATE UNIQUE INDEX server_placements_current ON server_placements (server_id)
WHERE role = 'current';

CREATE INDEX servers_by_host ON servers (host_id) WHERE deleted_at IS NULL;

CREATE INDEX servers_by_project ON servers (project_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX servers_deleted ON servers (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE INDEX servers_live ON servers (created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX subnetpools_by_project ON subnetpools (project_id, created_at, id);

CREATE INDEX subnetpools_by_scope ON subnetpools (address_scope_id);

CREATE UNIQUE INDEX subnetpools_default ON subnetpools (ip_version) WHERE is_default = 1;

CREATE INDEX subnets_by_network ON subnets (network_id);

CREATE INDEX subnets_by_pool ON subnets (subnetpool_id);

CREATE INDEX trusts_by_project ON trusts (project_id);

CREATE INDEX trusts_by_trust ON trusts (redelegated_trust_id);

CREATE INDEX trusts_by_trustee ON trusts (trustee_user_id);

CREATE INDEX trusts_by_trustor ON trusts (trustor_user_id);

CREATE INDEX workflows_by_server ON workflows (server_id, created_at);

CREATE INDEX workflows_due ON workflows (wake_at) WHERE finished_at IS NULL AND awaits_turn = 0;

CREATE INDEX workflows_finished ON workflows (finished_at) WHERE finished_at IS NOT NULL;

CREATE UNIQUE INDEX workflows_turn ON workflows (server_id)
    WHERE finished_at IS NULL AND awaits_turn = 0;
