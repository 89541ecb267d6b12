import Model

extension ComputeService {
    /// Refuses more files than a project may give to a server, or larger ones. As in Nova, the limit of content is one
    /// of the text that was sent.
    func check(_ files: [InjectedFile], in project: ProjectID) async throws {
        guard !files.isEmpty else { return }
        let quotas = try await quotas(of: project)
        func limit(_ resource: String) -> Int {
            let limit = quotas.first { $0.resource == resource }?.limit ?? Quota.unlimited
            return limit < 0 ? Int.max : limit
        }
        guard files.count <= limit("injected_files") else {
            throw CloudError(.overQuota, "Personality file limit exceeded")
        }
        let longest = limit("injected_file_path_bytes")
        guard files.allSatisfy({ $0.path.utf8.count <= longest }) else {
            throw CloudError(.overQuota, "Personality file path exceeds maximum \(longest)")
        }
        let largest = limit("injected_file_content_bytes")
        guard files.allSatisfy({ $0.contents.utf8.count <= largest }) else {
            throw CloudError(.overQuota, "Personality file content exceeds maximum \(largest)")
        }
    }
}
