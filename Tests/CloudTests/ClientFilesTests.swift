import Foundation
import Model
import Testing

@testable import Cloud

/// Files with secrets, and the addresses in them.
struct ClientFilesTests {
    private func inFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.path + "/novella-files-\(UUIDText.random())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try body(folder)
        try FileManager.default.removeItem(atPath: folder)
    }

    private func mode(_ path: String) -> mode_t? {
        var found = stat()
        return stat(path, &found) == 0 ? found.st_mode & 0o777 : nil
    }

    @Test func secretsAreTheOwnersAlone() throws {
        try inFolder { folder in
            let files = ClientFiles(directory: folder)
            let password = try files.adminPassword()
            #expect(password.count == 20)
            #expect(try files.adminPassword() == password)
            try files.write(url: "http://127.0.0.1:1", password: password)
            try files.write(url: "http://127.0.0.1:2", password: password)
            for path in [files.openrc, files.cloudsYAML, folder + "/admin-password"] { #expect(mode(path) == 0o600) }
            let text = try String(contentsOfFile: files.openrc, encoding: .utf8)
            #expect(text.contains("OS_AUTH_URL=http://127.0.0.1:2/identity\n"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 3)
        }
    }

    @Test func aDraftThatOthersCanReadIsNotWrittenTo() throws {
        try inFolder { folder in
            let path = folder + "/secret"
            let draft = open(path + ".new", O_WRONLY | O_CREAT, 0o666)
            defer { close(draft) }
            try PrivateFile.write("secret", to: path)
            var found = stat()
            #expect(fstat(draft, &found) == 0 && found.st_size == 0)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "secret")
            #expect(mode(path) == 0o600)
        }
    }

    @Test func whatCannotBeWrittenSaysSo() {
        let error = #expect(throws: CloudError.self) { try PrivateFile.write("x", to: "/nowhere/file") }
        #expect(error?.message.contains("/nowhere/file") == true)
    }

    @Test(arguments: [
        ("127.0.0.1", "http://127.0.0.1:8774"), ("0.0.0.0", "http://127.0.0.1:8774"), ("::", "http://[::1]:8774"),
        ("::1", "http://[::1]:8774"), ("2001:db8::5", "http://[2001:db8::5]:8774"), ("host", "http://host:8774"),
    ])
    func clientsCanUseTheAddress(listen: String, url: String) {
        #expect(ClientFiles.url(listen: listen, port: 8774) == url)
    }
}
