CREATE TABLE address_allocations (
    subnet_id TEXT NOT NULL,
    address TEXT NOT NULL,
    port_id TEXT NOT NULL,
    CONSTRAINT address_allocations_pkey PRIMARY KEY (subnet_id, address),
    CONSTRAINT address_allocations_port_id_fkey FOREIGN KEY (port_id) REFERENCES ports(id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT address_allocations_subnet_id_fkey FOREIGN KEY (subnet_id) REFERENCES subnets(id)
);

CREATE TABLE address_hints (
    subnet_id TEXT NOT NULL,
    next_offset BIGINT NOT NULL,
    CONSTRAINT address_hints_pkey PRIMARY KEY (subnet_id),
    CONSTRAINT address_hints_subnet_id_fkey FOREIGN KEY (subnet_id) REFERENCES subnets(id) ON DELETE CASCADE
);

CREATE TABLE address_scopes (
    id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    ip_version BIGINT NOT NULL,
    is_shared BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT address_scopes_pkey PRIMARY KEY (id),
    CONSTRAINT address_scopes_ip_version_check CHECK ((ip_version = ANY (ARRAY[(4)::bigint, (6)::bigint]))),
    CONSTRAINT address_scopes_is_shared_check CHECK ((is_shared = ANY (ARRAY[(0)::bigint, (1)::bigint])))
);

CREATE TABLE aggregate_hosts (
    aggregate_id BIGINT NOT NULL,
    host_id TEXT NOT NULL,
    CONSTRAINT aggregate_hosts_pkey PRIMARY KEY (aggregate_id, host_id),
    CONSTRAINT aggregate_hosts_aggregate_id_fkey FOREIGN KEY (aggregate_id) REFERENCES aggregates(id),
    CONSTRAINT aggregate_hosts_host_id_fkey FOREIGN KEY (host_id) REFERENCES hosts(id)
);

CREATE TABLE aggregates (
    id BIGINT NOT NULL,
    uuid TEXT NOT NULL,
    name TEXT NOT NULL,
    metadata TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT,
    CONSTRAINT aggregates_pkey PRIMARY KEY (id),
    CONSTRAINT aggregates_name_check CHECK ((name <> ''::text)),
    CONSTRAINT aggregates_name_key UNIQUE (name),
    CONSTRAINT aggregates_uuid_key UNIQUE (uuid)
);

CREATE TABLE allocations (
    consumer_id TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    resource_class TEXT NOT NULL,
    used BIGINT NOT NULL,
    project_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    CONSTRAINT allocations_pkey PRIMARY KEY (consumer_id, provider_id, resource_class),
    CONSTRAINT allocations_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES resource_providers(id),
    CONSTRAINT allocations_used_check CHECK ((used > 0))
);

CREATE TABLE application_credentials (
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    secret_hash TEXT NOT NULL,
    roles TEXT NOT NULL,
    unrestricted BIGINT NOT NULL,
    expires_at BIGINT,
    CONSTRAINT application_credentials_pkey PRIMARY KEY (id),
    CONSTRAINT application_credentials_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE,
    CONSTRAINT application_credentials_unrestricted_check CHECK ((unrestricted = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT application_credentials_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
    CONSTRAINT application_credentials_user_id_name_key UNIQUE (user_id, name)
);

CREATE TABLE catalog_services (
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    enabled BIGINT NOT NULL,
    extra TEXT NOT NULL,
    CONSTRAINT catalog_services_pkey PRIMARY KEY (id),
    CONSTRAINT catalog_services_enabled_check CHECK ((enabled = ANY (ARRAY[(0)::bigint, (1)::bigint])))
);

CREATE TABLE change_feed (
    topic TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    CONSTRAINT change_feed_pkey PRIMARY KEY (topic)
);

CREATE TABLE console_tokens (
    hash TEXT NOT NULL,
    server_id TEXT NOT NULL,
    host_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT console_tokens_pkey PRIMARY KEY (hash),
    CONSTRAINT console_tokens_host_id_fkey FOREIGN KEY (host_id) REFERENCES hosts(id) ON DELETE CASCADE,
    CONSTRAINT console_tokens_kind_check CHECK ((kind = ANY (ARRAY['vnc'::text, 'serial'::text]))),
    CONSTRAINT console_tokens_server_id_fkey FOREIGN KEY (server_id) REFERENCES servers(id) ON DELETE CASCADE
);

CREATE TABLE credentials (
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    project_id TEXT,
    type TEXT NOT NULL,
    blob TEXT NOT NULL,
    extra TEXT NOT NULL,
    CONSTRAINT credentials_pkey PRIMARY KEY (id),
    CONSTRAINT credentials_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);

CREATE TABLE domains (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    enabled BIGINT NOT NULL,
    options TEXT NOT NULL,
    extra TEXT NOT NULL,
    tags TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    CONSTRAINT domains_pkey PRIMARY KEY (id),
    CONSTRAINT domains_enabled_check CHECK ((enabled = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT domains_name_check CHECK ((name <> ''::text)),
    CONSTRAINT domains_name_key UNIQUE (name)
);

CREATE TABLE endpoints (
    id TEXT NOT NULL,
    service_id TEXT NOT NULL,
    interface TEXT NOT NULL,
    url TEXT NOT NULL,
    region_id TEXT NOT NULL,
    enabled BIGINT NOT NULL,
    extra TEXT NOT NULL,
    CONSTRAINT endpoints_pkey PRIMARY KEY (id),
    CONSTRAINT endpoints_enabled_check CHECK ((enabled = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT endpoints_interface_check CHECK ((interface = ANY (ARRAY['public'::text, 'internal'::text, 'admin'::text]))),
    CONSTRAINT endpoints_region_id_fkey FOREIGN KEY (region_id) REFERENCES regions(id),
    CONSTRAINT endpoints_service_id_fkey FOREIGN KEY (service_id) REFERENCES catalog_services(id) ON DELETE CASCADE
);

CREATE TABLE flavor_access (
    flavor_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    CONSTRAINT flavor_access_pkey PRIMARY KEY (flavor_id, project_id),
    CONSTRAINT flavor_access_flavor_id_fkey FOREIGN KEY (flavor_id) REFERENCES flavors(id) ON DELETE CASCADE
);

CREATE TABLE flavors (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    vcpus BIGINT NOT NULL,
    memory BIGINT NOT NULL,
    disk BIGINT NOT NULL,
    ephemeral BIGINT NOT NULL,
    swap BIGINT NOT NULL,
    rxtx_factor TEXT NOT NULL,
    is_public BIGINT NOT NULL,
    is_disabled BIGINT NOT NULL,
    description TEXT,
    extra_specs TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT flavors_pkey PRIMARY KEY (id),
    CONSTRAINT flavors_disk_check CHECK ((disk >= 0)),
    CONSTRAINT flavors_ephemeral_check CHECK ((ephemeral >= 0)),
    CONSTRAINT flavors_is_disabled_check CHECK ((is_disabled = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT flavors_is_public_check CHECK ((is_public = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT flavors_memory_check CHECK ((memory >= 1)),
    CONSTRAINT flavors_name_key UNIQUE (name),
    CONSTRAINT flavors_swap_check CHECK ((swap >= 0)),
    CONSTRAINT flavors_vcpus_check CHECK ((vcpus >= 1))
);

CREATE TABLE floating_ips (
    id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    description TEXT NOT NULL,
    network_id TEXT NOT NULL,
    address TEXT NOT NULL,
    holder_port_id TEXT NOT NULL,
    port_id TEXT,
    fixed_address TEXT,
    router_id TEXT,
    tags TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    dns_name TEXT NOT NULL,
    dns_domain TEXT NOT NULL,
    revision BIGINT NOT NULL,
    CONSTRAINT floating_ips_pkey PRIMARY KEY (id),
    CONSTRAINT floating_ips_check CHECK (((port_id IS NULL) = (fixed_address IS NULL))),
    CONSTRAINT floating_ips_holder_port_id_fkey FOREIGN KEY (holder_port_id) REFERENCES ports(id),
    CONSTRAINT floating_ips_network_id_address_key UNIQUE (network_id, address),
    CONSTRAINT floating_ips_network_id_fkey FOREIGN KEY (network_id) REFERENCES networks(id),
    CONSTRAINT floating_ips_port_id_fixed_address_key UNIQUE (port_id, fixed_address),
    CONSTRAINT floating_ips_port_id_fkey FOREIGN KEY (port_id) REFERENCES ports(id),
    CONSTRAINT floating_ips_router_id_fkey FOREIGN KEY (router_id) REFERENCES routers(id)
);

CREATE TABLE group_assignments (
    key TEXT NOT NULL,
    group_id TEXT NOT NULL,
    target TEXT NOT NULL,
    target_id TEXT NOT NULL,
    role_id TEXT NOT NULL,
    inherited BIGINT NOT NULL,
    CONSTRAINT group_assignments_pkey PRIMARY KEY (key),
    CONSTRAINT group_assignments_group_id_fkey FOREIGN KEY (group_id) REFERENCES user_groups(id) ON DELETE CASCADE,
    CONSTRAINT group_assignments_role_id_fkey FOREIGN KEY (role_id) REFERENCES roles(id) ON DELETE CASCADE,
    CONSTRAINT group_assignments_target_check CHECK ((target = ANY (ARRAY['project'::text, 'domain'::text, 'system'::text])))
);

CREATE TABLE group_members (
    group_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    CONSTRAINT group_members_pkey PRIMARY KEY (group_id, user_id),
    CONSTRAINT group_members_group_id_fkey FOREIGN KEY (group_id) REFERENCES user_groups(id) ON DELETE CASCADE,
    CONSTRAINT group_members_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);

CREATE TABLE guest_passwords (
    server_id TEXT NOT NULL,
    password TEXT NOT NULL,
    CONSTRAINT guest_passwords_pkey PRIMARY KEY (server_id),
    CONSTRAINT guest_passwords_password_check CHECK ((password <> ''::text)),
    CONSTRAINT guest_passwords_server_id_fkey FOREIGN KEY (server_id) REFERENCES servers(id) ON DELETE CASCADE
);

CREATE TABLE host_commands (
    id TEXT NOT NULL,
    host_id TEXT NOT NULL,
    server_id TEXT NOT NULL,
    action TEXT NOT NULL,
    arguments TEXT NOT NULL,
    state TEXT NOT NULL,
    progress BIGINT NOT NULL,
    result TEXT,
    failure TEXT,
    sequence BIGINT NOT NULL,
    request_id TEXT,
    updated_at BIGINT NOT NULL,
    CONSTRAINT host_commands_pkey PRIMARY KEY (id),
    CONSTRAINT host_commands_host_id_fkey FOREIGN KEY (host_id) REFERENCES hosts(id),
    CONSTRAINT host_commands_progress_check CHECK (((progress >= 0) AND (progress <= 100))),
    CONSTRAINT host_commands_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'running'::text, 'cancelling'::text, 'done'::text, 'failed'::text])))
);

CREATE TABLE host_feeds (
    host_id TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    CONSTRAINT host_feeds_pkey PRIMARY KEY (host_id),
    CONSTRAINT host_feeds_host_id_fkey FOREIGN KEY (host_id) REFERENCES hosts(id) ON DELETE CASCADE,
    CONSTRAINT host_feeds_sequence_check CHECK ((sequence >= 0))
);

CREATE TABLE hosts (
    id TEXT NOT NULL,
    hostname TEXT NOT NULL,
    availability_zone TEXT NOT NULL,
    is_disabled BIGINT NOT NULL,
    disabled_reason TEXT,
    is_forced_down BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    inventory TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    agent_description TEXT,
    troubles TEXT NOT NULL,
    number BIGINT NOT NULL,
    CONSTRAINT hosts_pkey PRIMARY KEY (id),
    CONSTRAINT hosts_hostname_key UNIQUE (hostname),
    CONSTRAINT hosts_is_disabled_check CHECK ((is_disabled = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT hosts_is_forced_down_check CHECK ((is_forced_down = ANY (ARRAY[(0)::bigint, (1)::bigint])))
);

CREATE TABLE image_members (
    image_id TEXT NOT NULL,
    member TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT image_members_pkey PRIMARY KEY (image_id, member),
    CONSTRAINT image_members_image_id_fkey FOREIGN KEY (image_id) REFERENCES images(id) ON DELETE CASCADE,
    CONSTRAINT image_members_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'accepted'::text, 'rejected'::text])))
);

CREATE TABLE images (
    id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    name TEXT,
    status TEXT NOT NULL,
    visibility TEXT NOT NULL,
    is_protected BIGINT NOT NULL,
    is_hidden BIGINT NOT NULL,
    disk_format TEXT,
    container_format TEXT,
    min_disk BIGINT NOT NULL,
    min_ram BIGINT NOT NULL,
    size BIGINT,
    virtual_size BIGINT,
    checksum TEXT,
    sha512 TEXT,
    properties TEXT NOT NULL,
    tags TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    is_staged BIGINT NOT NULL,
    upload TEXT,
    upload_until BIGINT NOT NULL,
    CONSTRAINT images_pkey PRIMARY KEY (id),
    CONSTRAINT images_check CHECK (((status <> 'active'::text) OR ((size IS NOT NULL) AND (sha512 IS NOT NULL)))),
    CONSTRAINT images_is_hidden_check CHECK ((is_hidden = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT images_is_protected_check CHECK ((is_protected = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT images_is_staged_check CHECK ((is_staged = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT images_min_disk_check CHECK ((min_disk >= 0)),
    CONSTRAINT images_min_ram_check CHECK ((min_ram >= 0)),
    CONSTRAINT images_size_check CHECK ((size >= 0)),
    CONSTRAINT images_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'saving'::text, 'active'::text, 'deactivated'::text, 'killed'::text, 'deleted'::text]))),
    CONSTRAINT images_virtual_size_check CHECK ((virtual_size >= 0)),
    CONSTRAINT images_visibility_check CHECK ((visibility = ANY (ARRAY['public'::text, 'private'::text, 'shared'::text, 'community'::text])))
);

CREATE TABLE inventories (
    key TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    resource_class TEXT NOT NULL,
    total BIGINT NOT NULL,
    reserved BIGINT NOT NULL,
    min_unit BIGINT NOT NULL,
    max_unit BIGINT NOT NULL,
    step_size BIGINT NOT NULL,
    allocation_ratio BIGINT NOT NULL,
    used BIGINT NOT NULL,
    CONSTRAINT inventories_pkey PRIMARY KEY (key),
    CONSTRAINT inventories_allocation_ratio_check CHECK ((allocation_ratio > 0)),
    CONSTRAINT inventories_max_unit_check CHECK ((max_unit >= 1)),
    CONSTRAINT inventories_min_unit_check CHECK ((min_unit >= 1)),
    CONSTRAINT inventories_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES resource_providers(id) ON DELETE CASCADE,
    CONSTRAINT inventories_reserved_check CHECK ((reserved >= 0)),
    CONSTRAINT inventories_step_size_check CHECK ((step_size >= 1)),
    CONSTRAINT inventories_total_check CHECK ((total >= 0)),
    CONSTRAINT inventories_used_check CHECK ((used >= 0))
);

CREATE TABLE keypairs (
    key TEXT NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    public_key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    keys TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    number BIGINT NOT NULL,
    CONSTRAINT keypairs_pkey PRIMARY KEY (key),
    CONSTRAINT keypairs_type_check CHECK ((type = ANY (ARRAY['ssh'::text, 'x509'::text])))
);

CREATE TABLE migrations (
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    CONSTRAINT migrations_pkey PRIMARY KEY (name)
);

CREATE TABLE network_generations (
    part TEXT NOT NULL,
    generation TEXT NOT NULL,
    CONSTRAINT network_generations_pkey PRIMARY KEY (part),
    CONSTRAINT network_generations_generation_check CHECK ((generation <> ''::text))
);

CREATE TABLE network_outbox (
    sequence BIGINT NOT NULL,
    device_id TEXT NOT NULL,
    CONSTRAINT network_outbox_pkey PRIMARY KEY (sequence)
);

CREATE TABLE networks (
    id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    admin_state_up BIGINT NOT NULL,
    is_shared BIGINT NOT NULL,
    is_external BIGINT NOT NULL,
    is_default BIGINT NOT NULL,
    port_security_enabled BIGINT NOT NULL,
    mtu BIGINT NOT NULL,
    segmentation_id BIGINT NOT NULL,
    tags TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    dns_domain TEXT NOT NULL,
    availability_zone_hints TEXT NOT NULL,
    revision BIGINT NOT NULL,
    CONSTRAINT networks_pkey PRIMARY KEY (id),
    CONSTRAINT networks_admin_state_up_check CHECK ((admin_state_up = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT networks_is_default_check CHECK ((is_default = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT networks_is_external_check CHECK ((is_external = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT networks_is_shared_check CHECK ((is_shared = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT networks_mtu_check CHECK (((mtu >= 68) AND (mtu <= 65535))),
    CONSTRAINT networks_port_security_enabled_check CHECK ((port_security_enabled = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT networks_segmentation_id_key UNIQUE (segmentation_id)
);

CREATE TABLE numbers (
    name TEXT NOT NULL,
    last BIGINT NOT NULL,
    CONSTRAINT numbers_pkey PRIMARY KEY (name),
    CONSTRAINT numbers_last_check CHECK ((last >= 0))
);

CREATE TABLE port_security_groups (
    port_id TEXT NOT NULL,
    security_group_id TEXT NOT NULL,
    CONSTRAINT port_security_groups_pkey PRIMARY KEY (port_id, security_group_id),
    CONSTRAINT port_security_groups_port_id_fkey FOREIGN KEY (port_id) REFERENCES ports(id) ON DELETE CASCADE,
    CONSTRAINT port_security_groups_security_group_id_fkey FOREIGN KEY (security_group_id) REFERENCES security_groups(id)
);

CREATE TABLE ports (
    id TEXT NOT NULL,
    network_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    admin_state_up BIGINT NOT NULL,
    mac_address TEXT NOT NULL,
    fixed_ips TEXT NOT NULL,
    device_id TEXT NOT NULL,
    device_owner TEXT NOT NULL,
    security_groups TEXT NOT NULL,
    port_security_enabled BIGINT NOT NULL,
    allowed_address_pairs TEXT NOT NULL,
    binding_host TEXT NOT NULL,
    binding_profile TEXT NOT NULL,
    vnic_type TEXT NOT NULL,
    status TEXT NOT NULL,
    dns_name TEXT NOT NULL,
    tags TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    profile TEXT NOT NULL,
    revision BIGINT NOT NULL,
    CONSTRAINT ports_pkey PRIMARY KEY (id),
    CONSTRAINT ports_admin_state_up_check CHECK ((admin_state_up = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT ports_network_id_fkey FOREIGN KEY (network_id) REFERENCES networks(id),
    CONSTRAINT ports_network_id_mac_address_key UNIQUE (network_id, mac_address),
    CONSTRAINT ports_port_security_enabled_check CHECK ((port_security_enabled = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT ports_status_check CHECK ((status = ANY (ARRAY['DOWN'::text, 'BUILD'::text, 'ACTIVE'::text, 'ERROR'::text])))
);

CREATE TABLE projects (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    domain_id TEXT NOT NULL,
    description TEXT NOT NULL,
    enabled BIGINT NOT NULL,
    options TEXT NOT NULL,
    extra TEXT NOT NULL,
    tags TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    parent_id TEXT,
    CONSTRAINT projects_pkey PRIMARY KEY (id),
    CONSTRAINT projects_domain_id_fkey FOREIGN KEY (domain_id) REFERENCES domains(id),
    CONSTRAINT projects_domain_id_name_key UNIQUE (domain_id, name),
    CONSTRAINT projects_enabled_check CHECK ((enabled = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT projects_name_check CHECK ((name <> ''::text))
);

CREATE TABLE quota_classes (
    class TEXT NOT NULL,
    resource TEXT NOT NULL,
    limit_value BIGINT NOT NULL,
    CONSTRAINT quota_classes_pkey PRIMARY KEY (class, resource),
    CONSTRAINT quota_classes_limit_value_check CHECK ((limit_value >= '-1'::integer))
);

CREATE TABLE quotas (
    project_id TEXT NOT NULL,
    resource TEXT NOT NULL,
    limit_value BIGINT NOT NULL,
    used BIGINT NOT NULL,
    is_own BIGINT NOT NULL,
    CONSTRAINT quotas_pkey PRIMARY KEY (project_id, resource),
    CONSTRAINT quotas_is_own_check CHECK ((is_own = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT quotas_limit_value_check CHECK ((limit_value >= '-1'::integer)),
    CONSTRAINT quotas_used_check CHECK ((used >= 0))
);

CREATE TABLE regions (
    id TEXT NOT NULL,
    description TEXT NOT NULL,
    extra TEXT NOT NULL,
    parent_region_id TEXT,
    CONSTRAINT regions_pkey PRIMARY KEY (id)
);

CREATE TABLE resource_classes (
    name TEXT NOT NULL,
    CONSTRAINT resource_classes_pkey PRIMARY KEY (name),
    CONSTRAINT resource_classes_name_check CHECK ((name ~~ like_escape('CUSTOM!_%'::text, '!'::text)))
);

CREATE TABLE resource_provider_aggregates (
    provider_id TEXT NOT NULL,
    aggregate_id TEXT NOT NULL,
    CONSTRAINT resource_provider_aggregates_pkey PRIMARY KEY (provider_id, aggregate_id),
    CONSTRAINT resource_provider_aggregates_aggregate_id_check CHECK ((aggregate_id <> ''::text)),
    CONSTRAINT resource_provider_aggregates_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES resource_providers(id) ON DELETE CASCADE
);

CREATE TABLE resource_provider_traits (
    provider_id TEXT NOT NULL,
    trait TEXT NOT NULL,
    is_reported BIGINT NOT NULL,
    CONSTRAINT resource_provider_traits_pkey PRIMARY KEY (provider_id, trait),
    CONSTRAINT resource_provider_traits_is_reported_check CHECK ((is_reported = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT resource_provider_traits_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES resource_providers(id) ON DELETE CASCADE,
    CONSTRAINT resource_provider_traits_trait_check CHECK ((trait <> ''::text))
);

CREATE TABLE resource_providers (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    generation BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    CONSTRAINT resource_providers_pkey PRIMARY KEY (id),
    CONSTRAINT resource_providers_generation_check CHECK ((generation >= 0)),
    CONSTRAINT resource_providers_name_key UNIQUE (name)
);

CREATE TABLE revoked_tokens (
    audit_id TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT revoked_tokens_pkey PRIMARY KEY (audit_id)
);

CREATE TABLE role_assignments (
    key TEXT NOT NULL,
    user_id TEXT NOT NULL,
    target TEXT NOT NULL,
    target_id TEXT NOT NULL,
    role_id TEXT NOT NULL,
    inherited BIGINT NOT NULL,
    CONSTRAINT role_assignments_pkey PRIMARY KEY (key),
    CONSTRAINT role_assignments_role_id_fkey FOREIGN KEY (role_id) REFERENCES roles(id) ON DELETE CASCADE,
    CONSTRAINT role_assignments_target_check CHECK ((target = ANY (ARRAY['project'::text, 'domain'::text, 'system'::text]))),
    CONSTRAINT role_assignments_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);

CREATE TABLE role_implications (
    prior_role_id TEXT NOT NULL,
    implied_role_id TEXT NOT NULL,
    CONSTRAINT role_implications_pkey PRIMARY KEY (prior_role_id, implied_role_id),
    CONSTRAINT role_implications_implied_role_id_fkey FOREIGN KEY (implied_role_id) REFERENCES roles(id) ON DELETE CASCADE,
    CONSTRAINT role_implications_prior_role_id_fkey FOREIGN KEY (prior_role_id) REFERENCES roles(id) ON DELETE CASCADE
);

CREATE TABLE roles (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    options TEXT NOT NULL,
    extra TEXT NOT NULL,
    domain_id TEXT,
    CONSTRAINT roles_pkey PRIMARY KEY (id),
    CONSTRAINT roles_name_check CHECK ((name <> ''::text)),
    CONSTRAINT roles_name_key UNIQUE (name)
);

CREATE TABLE routers (
    id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    admin_state_up BIGINT NOT NULL,
    gateway_network_id TEXT,
    gateway_port_id TEXT,
    snat_enabled BIGINT NOT NULL,
    routes TEXT NOT NULL,
    tags TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    availability_zone_hints TEXT NOT NULL,
    revision BIGINT NOT NULL,
    CONSTRAINT routers_pkey PRIMARY KEY (id),
    CONSTRAINT routers_admin_state_up_check CHECK ((admin_state_up = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT routers_check CHECK (((gateway_network_id IS NULL) = (gateway_port_id IS NULL))),
    CONSTRAINT routers_gateway_network_id_fkey FOREIGN KEY (gateway_network_id) REFERENCES networks(id),
    CONSTRAINT routers_gateway_port_id_fkey FOREIGN KEY (gateway_port_id) REFERENCES ports(id),
    CONSTRAINT routers_snat_enabled_check CHECK ((snat_enabled = ANY (ARRAY[(0)::bigint, (1)::bigint])))
);

CREATE TABLE security_group_rules (
    id TEXT NOT NULL,
    security_group_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    description TEXT NOT NULL,
    direction TEXT NOT NULL,
    ether_type TEXT NOT NULL,
    transport TEXT,
    port_min BIGINT,
    port_max BIGINT,
    remote_prefix TEXT,
    remote_group_id TEXT,
    created_at BIGINT NOT NULL,
    tags TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    CONSTRAINT security_group_rules_pkey PRIMARY KEY (id),
    CONSTRAINT security_group_rules_check CHECK (((remote_prefix IS NULL) OR (remote_group_id IS NULL))),
    CONSTRAINT security_group_rules_direction_check CHECK ((direction = ANY (ARRAY['ingress'::text, 'egress'::text]))),
    CONSTRAINT security_group_rules_ether_type_check CHECK ((ether_type = ANY (ARRAY['IPv4'::text, 'IPv6'::text]))),
    CONSTRAINT security_group_rules_remote_group_id_fkey FOREIGN KEY (remote_group_id) REFERENCES security_groups(id) ON DELETE CASCADE,
    CONSTRAINT security_group_rules_security_group_id_fkey FOREIGN KEY (security_group_id) REFERENCES security_groups(id) ON DELETE CASCADE
);

CREATE TABLE security_groups (
    id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    stateful BIGINT NOT NULL,
    tags TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    CONSTRAINT security_groups_pkey PRIMARY KEY (id),
    CONSTRAINT security_groups_stateful_check CHECK ((stateful = ANY (ARRAY[(0)::bigint, (1)::bigint])))
);

CREATE TABLE server_group_members (
    server_id TEXT NOT NULL,
    group_id TEXT NOT NULL,
    CONSTRAINT server_group_members_pkey PRIMARY KEY (server_id),
    CONSTRAINT server_group_members_group_id_fkey FOREIGN KEY (group_id) REFERENCES server_groups(id) ON DELETE CASCADE,
    CONSTRAINT server_group_members_server_id_fkey FOREIGN KEY (server_id) REFERENCES servers(id) ON DELETE CASCADE
);

CREATE TABLE server_groups (
    id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    policy TEXT NOT NULL,
    max_server_per_host BIGINT,
    created_at BIGINT NOT NULL,
    CONSTRAINT server_groups_pkey PRIMARY KEY (id),
    CONSTRAINT server_groups_check CHECK (((max_server_per_host IS NULL) OR (policy = 'anti-affinity'::text))),
    CONSTRAINT server_groups_max_server_per_host_check CHECK ((max_server_per_host >= 1)),
    CONSTRAINT server_groups_policy_check CHECK ((policy = ANY (ARRAY['affinity'::text, 'anti-affinity'::text, 'soft-affinity'::text, 'soft-anti-affinity'::text])))
);

CREATE TABLE server_migrations (
    uuid TEXT NOT NULL,
    id BIGINT NOT NULL,
    server_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    source_host_id TEXT NOT NULL,
    target_host_id TEXT NOT NULL,
    old_flavor_id TEXT NOT NULL,
    old_flavor TEXT NOT NULL,
    new_flavor_id TEXT NOT NULL,
    new_flavor TEXT NOT NULL,
    settled TEXT NOT NULL,
    machine BIGINT,
    user_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT server_migrations_pkey PRIMARY KEY (uuid),
    CONSTRAINT server_migrations_id_key UNIQUE (id),
    CONSTRAINT server_migrations_kind_check CHECK ((kind = ANY (ARRAY['resize'::text, 'migration'::text, 'live-migration'::text, 'evacuation'::text]))),
    CONSTRAINT server_migrations_server_id_fkey FOREIGN KEY (server_id) REFERENCES servers(id) ON DELETE CASCADE
);

CREATE TABLE server_placements (
    server_id TEXT NOT NULL,
    host_id TEXT NOT NULL,
    role TEXT NOT NULL,
    consumer_id TEXT,
    epoch BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    document TEXT,
    observed_epoch BIGINT NOT NULL,
    observed_power TEXT NOT NULL,
    failure TEXT,
    moments TEXT,
    metadata_at BIGINT,
    CONSTRAINT server_placements_pkey PRIMARY KEY (server_id, host_id),
    CONSTRAINT server_placements_epoch_check CHECK ((epoch >= 0)),
    CONSTRAINT server_placements_host_id_fkey FOREIGN KEY (host_id) REFERENCES hosts(id),
    CONSTRAINT server_placements_role_check CHECK ((role = ANY (ARRAY['current'::text, 'target'::text, 'source'::text, 'leaving'::text])))
);

CREATE TABLE server_requests (
    server_id TEXT NOT NULL,
    image TEXT NOT NULL,
    nics TEXT NOT NULL,
    user_data TEXT,
    public_keys TEXT NOT NULL,
    security_groups TEXT NOT NULL,
    admin_password TEXT,
    files TEXT NOT NULL,
    CONSTRAINT server_requests_pkey PRIMARY KEY (server_id),
    CONSTRAINT server_requests_server_id_fkey FOREIGN KEY (server_id) REFERENCES servers(id) ON DELETE CASCADE
);

CREATE TABLE servers (
    id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    hostname TEXT NOT NULL,
    reservation_id TEXT NOT NULL,
    launch_index BIGINT NOT NULL,
    settled TEXT NOT NULL,
    operation TEXT,
    phase BIGINT NOT NULL,
    power BIGINT NOT NULL,
    fault TEXT,
    is_locked BIGINT NOT NULL,
    locked_by_admin BIGINT NOT NULL,
    locked_reason TEXT,
    workflow_id TEXT,
    host_id TEXT,
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
    config_drive BIGINT NOT NULL,
    access_ipv4 TEXT,
    access_ipv6 TEXT,
    disk_config TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    launched_at BIGINT,
    terminated_at BIGINT,
    deleted_at BIGINT,
    progress BIGINT,
    trusted_certificates TEXT,
    CONSTRAINT servers_pkey PRIMARY KEY (id),
    CONSTRAINT servers_check CHECK (((settled = 'deleted'::text) = (deleted_at IS NOT NULL))),
    CONSTRAINT servers_check1 CHECK (((operation IS NULL) = (workflow_id IS NULL))),
    CONSTRAINT servers_check2 CHECK (((host_id IS NOT NULL) OR (settled <> ALL (ARRAY['active'::text, 'paused'::text, 'suspended'::text, 'stopped'::text, 'rescued'::text, 'resized'::text, 'shelved'::text])))),
    CONSTRAINT servers_config_drive_check CHECK ((config_drive = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT servers_disk_config_check CHECK ((disk_config = ANY (ARRAY['AUTO'::text, 'MANUAL'::text]))),
    CONSTRAINT servers_host_id_fkey FOREIGN KEY (host_id) REFERENCES hosts(id),
    CONSTRAINT servers_is_locked_check CHECK ((is_locked = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT servers_locked_by_admin_check CHECK ((locked_by_admin = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT servers_settled_check CHECK ((settled = ANY (ARRAY['building'::text, 'active'::text, 'paused'::text, 'suspended'::text, 'stopped'::text, 'rescued'::text, 'resized'::text, 'error'::text, 'deleted'::text, 'soft_deleted'::text, 'shelved'::text, 'shelved_offloaded'::text])))
);

CREATE TABLE set_aside_servers (
    server_id TEXT NOT NULL,
    since BIGINT NOT NULL,
    image_id TEXT,
    CONSTRAINT set_aside_servers_pkey PRIMARY KEY (server_id),
    CONSTRAINT set_aside_servers_server_id_fkey FOREIGN KEY (server_id) REFERENCES servers(id) ON DELETE CASCADE
);

CREATE TABLE subnetpools (
    id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    prefixes TEXT NOT NULL,
    ip_version BIGINT NOT NULL,
    min_prefixlen BIGINT NOT NULL,
    max_prefixlen BIGINT NOT NULL,
    default_prefixlen BIGINT NOT NULL,
    default_quota BIGINT,
    is_default BIGINT NOT NULL,
    is_shared BIGINT NOT NULL,
    address_scope_id TEXT,
    tags TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    CONSTRAINT subnetpools_pkey PRIMARY KEY (id),
    CONSTRAINT subnetpools_address_scope_id_fkey FOREIGN KEY (address_scope_id) REFERENCES address_scopes(id),
    CONSTRAINT subnetpools_check CHECK ((max_prefixlen <=
CASE ip_version
    WHEN 4 THEN 32
    ELSE 128
END)),
    CONSTRAINT subnetpools_check1 CHECK (((min_prefixlen <= default_prefixlen) AND (default_prefixlen <= max_prefixlen))),
    CONSTRAINT subnetpools_default_quota_check CHECK ((default_quota >= 0)),
    CONSTRAINT subnetpools_ip_version_check CHECK ((ip_version = ANY (ARRAY[(4)::bigint, (6)::bigint]))),
    CONSTRAINT subnetpools_is_default_check CHECK ((is_default = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT subnetpools_is_shared_check CHECK ((is_shared = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT subnetpools_min_prefixlen_check CHECK ((min_prefixlen >= 0)),
    CONSTRAINT subnetpools_revision_check CHECK ((revision >= 0))
);

CREATE TABLE subnets (
    id TEXT NOT NULL,
    network_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    ip_version BIGINT NOT NULL,
    cidr TEXT NOT NULL,
    gateway_ip TEXT,
    enable_dhcp BIGINT NOT NULL,
    dns_nameservers TEXT NOT NULL,
    host_routes TEXT NOT NULL,
    allocation_pools TEXT NOT NULL,
    ipv6_address_mode TEXT,
    ipv6_ra_mode TEXT,
    tags TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    subnetpool_id TEXT,
    CONSTRAINT subnets_pkey PRIMARY KEY (id),
    CONSTRAINT subnets_enable_dhcp_check CHECK ((enable_dhcp = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT subnets_ip_version_check CHECK ((ip_version = ANY (ARRAY[(4)::bigint, (6)::bigint]))),
    CONSTRAINT subnets_network_id_fkey FOREIGN KEY (network_id) REFERENCES networks(id),
    CONSTRAINT subnets_subnetpool_id_fkey FOREIGN KEY (subnetpool_id) REFERENCES subnetpools(id)
);

CREATE TABLE token_keys (
    id TEXT NOT NULL,
    secret TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT token_keys_pkey PRIMARY KEY (id)
);

CREATE TABLE traits (
    name TEXT NOT NULL,
    CONSTRAINT traits_pkey PRIMARY KEY (name),
    CONSTRAINT traits_name_check CHECK ((name ~~ like_escape('CUSTOM!_%'::text, '!'::text)))
);

CREATE TABLE trusts (
    id TEXT NOT NULL,
    trustor_user_id TEXT NOT NULL,
    trustee_user_id TEXT NOT NULL,
    project_id TEXT,
    impersonation BIGINT NOT NULL,
    roles TEXT NOT NULL,
    expires_at BIGINT,
    remaining_uses BIGINT,
    redelegation_count BIGINT NOT NULL,
    redelegated_trust_id TEXT,
    extra TEXT NOT NULL,
    CONSTRAINT trusts_pkey PRIMARY KEY (id),
    CONSTRAINT trusts_check CHECK (((remaining_uses IS NULL) OR (redelegation_count = 0))),
    CONSTRAINT trusts_impersonation_check CHECK ((impersonation = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT trusts_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE,
    CONSTRAINT trusts_redelegated_trust_id_fkey FOREIGN KEY (redelegated_trust_id) REFERENCES trusts(id) ON DELETE CASCADE,
    CONSTRAINT trusts_redelegation_count_check CHECK ((redelegation_count >= 0)),
    CONSTRAINT trusts_remaining_uses_check CHECK ((remaining_uses >= 0)),
    CONSTRAINT trusts_trustee_user_id_fkey FOREIGN KEY (trustee_user_id) REFERENCES users(id) ON DELETE CASCADE,
    CONSTRAINT trusts_trustor_user_id_fkey FOREIGN KEY (trustor_user_id) REFERENCES users(id) ON DELETE CASCADE
);

CREATE TABLE user_groups (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    domain_id TEXT NOT NULL,
    description TEXT NOT NULL,
    extra TEXT NOT NULL,
    CONSTRAINT user_groups_pkey PRIMARY KEY (id),
    CONSTRAINT user_groups_domain_id_fkey FOREIGN KEY (domain_id) REFERENCES domains(id),
    CONSTRAINT user_groups_domain_id_name_key UNIQUE (domain_id, name),
    CONSTRAINT user_groups_name_check CHECK ((name <> ''::text))
);

CREATE TABLE users (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    domain_id TEXT NOT NULL,
    default_project_id TEXT,
    email TEXT,
    description TEXT,
    enabled BIGINT NOT NULL,
    password_hash TEXT,
    epoch BIGINT NOT NULL,
    options TEXT NOT NULL,
    extra TEXT NOT NULL,
    CONSTRAINT users_pkey PRIMARY KEY (id),
    CONSTRAINT users_domain_id_fkey FOREIGN KEY (domain_id) REFERENCES domains(id),
    CONSTRAINT users_domain_id_name_key UNIQUE (domain_id, name),
    CONSTRAINT users_enabled_check CHECK ((enabled = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT users_epoch_check CHECK ((epoch >= 0)),
    CONSTRAINT users_name_check CHECK ((name <> ''::text))
);

CREATE TABLE workflows (
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    server_id TEXT,
    action TEXT NOT NULL,
    project_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    input TEXT NOT NULL,
    outputs TEXT NOT NULL,
    step TEXT NOT NULL,
    direction TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    lease_epoch BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    wake_at BIGINT NOT NULL,
    deadline BIGINT NOT NULL,
    signals BIGINT NOT NULL,
    failure TEXT,
    outcome TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    finished_at BIGINT,
    awaits_turn BIGINT NOT NULL,
    CONSTRAINT workflows_pkey PRIMARY KEY (id),
    CONSTRAINT workflows_attempt_check CHECK ((attempt >= 0)),
    CONSTRAINT workflows_awaits_turn_check CHECK ((awaits_turn = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT workflows_check CHECK (((outcome IS NULL) = (finished_at IS NULL))),
    CONSTRAINT workflows_direction_check CHECK ((direction = ANY (ARRAY['forward'::text, 'unwinding'::text]))),
    CONSTRAINT workflows_outcome_check CHECK ((outcome = ANY (ARRAY['Success'::text, 'Error'::text]))),
    CONSTRAINT workflows_signals_check CHECK ((signals >= 0))
);

CREATE INDEX address_allocations_by_port ON public.address_allocations USING btree (port_id);

CREATE INDEX address_scopes_by_project ON public.address_scopes USING btree (project_id, created_at, id);

CREATE INDEX aggregate_hosts_by_host ON public.aggregate_hosts USING btree (host_id);

CREATE INDEX allocations_by_project ON public.allocations USING btree (project_id);

CREATE INDEX allocations_by_provider ON public.allocations USING btree (provider_id);

CREATE INDEX console_tokens_end ON public.console_tokens USING btree (expires_at);

CREATE INDEX console_tokens_server ON public.console_tokens USING btree (server_id);

CREATE INDEX credentials_by_user ON public.credentials USING btree (user_id);

CREATE INDEX floating_ips_by_project ON public.floating_ips USING btree (project_id);

CREATE INDEX floating_ips_by_router ON public.floating_ips USING btree (router_id);

CREATE INDEX group_assignments_by_group ON public.group_assignments USING btree (group_id);

CREATE INDEX group_assignments_by_target ON public.group_assignments USING btree (target_id);

CREATE INDEX group_members_by_user ON public.group_members USING btree (user_id);

CREATE INDEX host_commands_by_server ON public.host_commands USING btree (server_id);

CREATE INDEX host_commands_by_time ON public.host_commands USING btree (updated_at);

CREATE INDEX host_commands_open ON public.host_commands USING btree (host_id, sequence) WHERE (state = ANY (ARRAY['waiting'::text, 'running'::text, 'cancelling'::text]));

CREATE UNIQUE INDEX hosts_by_number ON public.hosts USING btree (number);

CREATE INDEX image_members_by_member ON public.image_members USING btree (member);

CREATE INDEX images_by_creation ON public.images USING btree (created_at, id);

CREATE INDEX images_by_name ON public.images USING btree (name);

CREATE INDEX images_by_project ON public.images USING btree (project_id);

CREATE INDEX inventories_by_provider ON public.inventories USING btree (provider_id);

CREATE UNIQUE INDEX keypairs_by_number ON public.keypairs USING btree (number);

CREATE INDEX keypairs_by_user ON public.keypairs USING btree (user_id, name);

CREATE INDEX networks_by_project ON public.networks USING btree (project_id);

CREATE INDEX port_security_groups_by_group ON public.port_security_groups USING btree (security_group_id);

CREATE INDEX ports_by_creation ON public.ports USING btree (created_at, id);

CREATE INDEX ports_by_device ON public.ports USING btree (device_id);

CREATE INDEX ports_by_host ON public.ports USING btree (binding_host);

CREATE INDEX ports_by_project ON public.ports USING btree (project_id, created_at, id);

CREATE INDEX ports_of_routers ON public.ports USING btree (network_id, device_id) WHERE (device_owner = 'network:router_interface'::text);

CREATE INDEX projects_by_parent ON public.projects USING btree (parent_id);

CREATE INDEX role_assignments_by_target ON public.role_assignments USING btree (target_id);

CREATE INDEX role_assignments_by_user ON public.role_assignments USING btree (user_id);

CREATE INDEX routers_by_project ON public.routers USING btree (project_id);

CREATE INDEX security_group_rules_by_group ON public.security_group_rules USING btree (security_group_id);

CREATE INDEX security_group_rules_by_remote ON public.security_group_rules USING btree (remote_group_id);

CREATE INDEX security_groups_by_project ON public.security_groups USING btree (project_id);

CREATE UNIQUE INDEX security_groups_default ON public.security_groups USING btree (project_id) WHERE (name = 'default'::text);

CREATE INDEX server_group_members_by_group ON public.server_group_members USING btree (group_id);

CREATE INDEX server_groups_by_project ON public.server_groups USING btree (project_id, created_at, id);

CREATE INDEX server_migrations_by_server ON public.server_migrations USING btree (server_id, created_at);

CREATE INDEX server_placements_by_host ON public.server_placements USING btree (host_id, sequence);

CREATE UNIQUE INDEX server_placements_current ON public.server_placements USING btree (server_id) WHERE (role = 'current'::text);

CREATE INDEX servers_by_host ON public.servers USING btree (host_id) WHERE (deleted_at IS NULL);

CREATE INDEX servers_by_project ON public.servers USING btree (project_id, created_at, id) WHERE (deleted_at IS NULL);

CREATE INDEX servers_deleted ON public.servers USING btree (deleted_at) WHERE (deleted_at IS NOT NULL);

CREATE INDEX servers_live ON public.servers USING btree (created_at, id) WHERE (deleted_at IS NULL);

CREATE INDEX subnetpools_by_project ON public.subnetpools USING btree (project_id, created_at, id);

CREATE INDEX subnetpools_by_scope ON public.subnetpools USING btree (address_scope_id);

CREATE UNIQUE INDEX subnetpools_default ON public.subnetpools USING btree (ip_version) WHERE (is_default = 1);

CREATE INDEX subnets_by_network ON public.subnets USING btree (network_id);

CREATE INDEX subnets_by_pool ON public.subnets USING btree (subnetpool_id);

CREATE INDEX trusts_by_project ON public.trusts USING btree (project_id);

CREATE INDEX trusts_by_trust ON public.trusts USING btree (redelegated_trust_id);

CREATE INDEX trusts_by_trustee ON public.trusts USING btree (trustee_user_id);

CREATE INDEX trusts_by_trustor ON public.trusts USING btree (trustor_user_id);

CREATE INDEX workflows_by_server ON public.workflows USING btree (server_id, created_at);

CREATE INDEX workflows_due ON public.workflows USING btree (wake_at) WHERE ((finished_at IS NULL) AND (awaits_turn = 0));

CREATE INDEX workflows_finished ON public.workflows USING btree (finished_at) WHERE (finished_at IS NOT NULL);

CREATE UNIQUE INDEX workflows_turn ON public.workflows USING btree (server_id) WHERE ((finished_at IS NULL) AND (awaits_turn = 0));
