import Foundation
import Testing

@testable import Files

struct DurableFileTests {
    private func inFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.path + "/novella-durable-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try body(folder)
        try FileManager.default.removeItem(atPath: folder)
    }

    private func mode(_ path: String) -> mode_t? {
        var found = stat()
        return stat(path, &found) == 0 ? found.st_mode & 0o7777 : nil
    }

    @Test func foldersAreMadeWithThoseAbove() throws {
        try inFolder { folder in
            try DurableFile.makeFolder(folder + "/a/b/c", mode: 0o711)
            for made in ["/a", "/a/b", "/a/b/c"] { #expect(mode(folder + made) == 0o711) }
            #expect(chmod(folder + "/a/b", 0o750) == 0)
            try DurableFile.makeFolder(folder + "/a/b", mode: 0o711)
            #expect(mode(folder + "/a/b") == 0o750)
        }
    }

    @Test func whatIsNoFolderIsRefused() throws {
        try inFolder { folder in
            try DurableFile.replace(folder + "/file", with: [], draft: folder + "/draft")
            for path in ["/file", "/file/below"] {
                let error = #expect(throws: FileFailure.self) {
                    try DurableFile.makeFolder(folder + path, mode: 0o700)
                }
                #expect(error?.code == ENOTDIR)
            }
            #expect(symlink("nowhere", folder + "/link") == 0)
            #expect(throws: FileFailure.self) { try DurableFile.makeFolder(folder + "/link/below", mode: 0o700) }
        }
    }

    @Test func aFileIsReplacedWhole() throws {
        try inFolder { folder in
            let path = folder + "/file"
            for text in ["first", "", "second"] {
                try DurableFile.replace(path, with: Array(text.utf8), draft: folder + "/draft", mode: 0o640)
                #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
            }
            #expect(mode(path) == 0o640)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file"])
        }
    }

    @Test(arguments: [
        ("/a/b", "/a"), ("/a/b//", "/a"), ("/a", "/"), ("/", "/"), ("a", "."), ("a/b", "a"), ("a/", "."),
    ])
    func aParentHoldsTheName(path: String, parent: String) {
        #expect(DurableFile.parent(of: path) == parent)
    }

    @Test func failuresNameCallAndFile() {
        let error = #expect(throws: FileFailure.self) { try DurableFile.sync("/nowhere/file") }
        #expect(error?.description == "open /nowhere/file: No such file or directory")
    }
}
