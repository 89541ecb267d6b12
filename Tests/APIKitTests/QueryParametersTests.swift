import Model
import Testing

@testable import APIKit

@Suite struct QueryParametersTests {
    @Test func decodesNamesAndValues() throws {
        let query = try QueryParameters("router%3Aexternal=True&name=my+server&name=b%2Bc&empty=&bare&odd=%zz%4")
        #expect(query["router:external"] == "True")
        #expect(query.all("name") == ["my server", "b+c"])
        #expect(query["empty"] == "")
        #expect(query["bare"] == "")
        #expect(query["odd"] == "%zz%4")
        #expect(query["router%3Aexternal"] == nil)
        #expect(query.names == ["router:external", "name", "empty", "bare", "odd"])
    }

    @Test(arguments: ["a=%ff", "%c3=1", "a=%ed%a0%80"])
    func refusesWhatIsNoText(query: String) {
        let error = #expect(throws: CloudError.self) { try QueryParameters(query) }
        #expect(error?.kind == .badRequest)
    }

    @Test func encodesWhatItDecoded() throws {
        let query = try QueryParameters("a%26b=1%202&marker=old&c=%C3%A9%09")
        let text = query.text("marker", becomes: "x&y=/")
        #expect(text == "a%26b=1%202&c=%C3%A9%09&marker=x%26y%3D%2F")
        #expect(query.text("marker", becomes: nil) == "a%26b=1%202&c=%C3%A9%09")
        let again = try QueryParameters(text)
        #expect(again["a&b"] == "1 2")
        #expect(again["marker"] == "x&y=/")
    }
}
