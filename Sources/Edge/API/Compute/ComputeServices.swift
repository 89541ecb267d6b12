import APIKit
import HTTPTypes
import Compute
import Model
import Wire

/// `/os-services`.
struct ComputeServicesAPI: Sendable {
    let compute: ComputeService

    private static let fields: [Field<FieldWriter<NovaService>>] = [
        Field(until: 52) { $1.field("id", $0.number) },
        Field(since: 53) { $1.field("id", $0.uuid) },
        Field { $1.field("binary", $0.binary) },
        Field { $1.field("host", $0.host) },
        Field { $1.field("zone", $0.zone) },
        Field { $1.field("status", $0.status) },
        Field { $1.field("state", $0.state) },
        Field { $1.field("updated_at", $0.updatedAt, .microsecondsWithoutZone) },
        Field { $1.field("disabled_reason", $0.disabledReason) },
        Field(since: 11) { $1.field("forced_down", $0.isForcedDown) },
    ]

    /// Of a body up to 2.52.
    private static let members = [Field(since: 11, "forced_down")]

    var routes: [Route] {
        [
            Route(.get, "/os-services", .admin, handler: list),
            Route(.put, "/os-services/{id}", .admin) { request in
                request.version < Self.uuids ? try await act(request) : try await update(request)
            },
            Route(.delete, "/os-services/{id}", .admin, handler: delete),
        ]
    }

    private static let uuids = Microversion(2, 53)

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let wanted = ["host", "binary"].map { request.query($0).flatMap { $0.isEmpty ? nil : $0 } }
        let found = try await NovaService.all(compute).filter { service in
            (wanted[0] ?? service.host) == service.host && (wanted[1] ?? service.binary) == service.binary
        }
        let plan = FieldPlan(Self.fields, at: request.version)
        return .json { writer in
            writer.array("services") { writer in
                for service in found { plan.write(service, to: &writer) }
            }
        }
    }

    private func service(_ request: APIRequest, _ absent: (String) -> String) async throws -> NovaService {
        let id = request.parameter("id")
        let all = try await NovaService.all(compute)
        let found: NovaService?
        if request.version >= Self.uuids {
            guard UUIDText.isValid(id) else { throw CloudError.badRequest("Invalid uuid \(id.prefix(80))") }
            found = all.first { $0.uuid == id.lowercased() }
        } else {
            guard let number = Int(id) else {
                throw CloudError.badRequest("Invalid input received: id must be an integer")
            }
            found = all.first { $0.number == number }
        }
        guard let found else { throw CloudError(.notFound, absent(String(id.prefix(80)))) }
        return found
    }

    private func delete(_ request: APIRequest) async throws -> APIResponse {
        let service = try await service(request) { "Service \($0) not found." }
        guard let host = service.hostID else {
            throw CloudError.conflict(
                "\(service.binary) is this cloud's own process, and there as long as that answers.")
        }
        try await compute.deleteService(of: host)
        return .noContent
    }

    // MARK: From 2.53

    private func update(_ request: APIRequest) async throws -> APIResponse {
        var fields = try Fields(try await request.json())
        try fields.refuseNulls()
        let status = try fields.word("status", of: ["enabled", "disabled"])
        let reason = try fields.optionalString("disabled_reason", 1...255)
        let isForcedDown = try fields.optionalBool("forced_down")
        try fields.finish()
        let service = try await service(request) { "Service \($0) could not be found." }
        let host = try Self.host(of: service)
        guard status != "enabled" || reason == nil else {
            throw CloudError.badRequest("Specifying 'disabled_reason' with status 'enabled' is invalid.")
        }
        guard status != nil || isForcedDown != nil else {
            throw CloudError.badRequest(
                "No updates were requested. Fields 'status' or 'forced_down' should be specified.")
        }
        let changed = try await compute.changeService(
            of: host,
            ServiceChange(
                isDisabled: status.map { $0 == "disabled" }, disabledReason: reason, isForcedDown: isForcedDown))
        let shown = NovaService(changed, at: compute.clock.now())
        return .json { writer in
            writer.key("service")
            FieldPlan(Self.fields, at: request.version).write(shown, to: &writer)
        }
    }

    private static func host(of service: NovaService) throws -> HostID {
        guard let host = service.hostID else { throw refusal(service.binary) }
        return host
    }

    private static func refusal(_ binary: String) -> CloudError {
        CloudError.badRequest(
            "Updating a \(binary.prefix(80)) service is not supported. Only nova-compute services can be updated.")
    }

    // MARK: Up to 2.52

    /// What a body says of one service, by the action in the path.
    private func act(_ request: APIRequest) async throws -> APIResponse {
        var fields = try Fields(try await request.json()).knowing(Self.members, at: request.version)
        try fields.refuseNulls()
        let host = try NovaText.host(try fields.string("host", 1...255), of: "host")
        let binary = try fields.string("binary", 1...255)
        let reason = try fields.optionalString("disabled_reason", 1...255)
        let isForcedDown = try fields.optionalBool("forced_down")
        try fields.finish()
        let change = try Self.change(request, reason, isForcedDown)
        guard binary == NovaService.computeBinary else { throw Self.refusal(binary) }
        let all = try await NovaService.all(compute)
        guard let id = all.first(where: { $0.host == host && $0.binary == binary })?.hostID else {
            throw CloudError(.notFound, "Host '\(host)' is not mapped to any cell")
        }
        let changed = try await compute.changeService(of: id, change)
        return .json { writer in
            writer.object("service") { writer in
                writer.field("host", host)
                writer.field("binary", binary)
                if change.isForcedDown != nil { return writer.field("forced_down", changed.isForcedDown) }
                writer.field("status", changed.isDisabled ? "disabled" : "enabled")
                if let reason = changed.disabledReason { writer.field("disabled_reason", reason) }
            }
        }
    }

    private static func change(
        _ request: APIRequest, _ reason: String?, _ isForcedDown: Bool?
    ) throws -> ServiceChange {
        switch request.parameter("id") {
        case "enable": return ServiceChange(isDisabled: false)
        case "disable": return ServiceChange(isDisabled: true)
        case "disable-log-reason":
            guard let reason else { throw CloudError.badRequest("Missing disabled reason field") }
            return ServiceChange(isDisabled: true, disabledReason: reason)
        case "force-down" where request.version >= Microversion(2, 11):
            guard let isForcedDown else { throw CloudError.badRequest("Missing forced_down field") }
            return ServiceChange(isForcedDown: isForcedDown)
        default: throw CloudError(.notFound, "Unknown action")
        }
    }
}
