# Writes each string and number of a JSON text as PATH<TAB>VALUE; line ends in values become \n.
{ text = text $0 "\n" }
END {
    at = 1
    value("")
}
function space() { while (index(" \t\r\n", substr(text, at, 1)) && at <= length(text)) at++ }
function value(path,    c, start) {
    space()
    c = substr(text, at, 1)
    if (c == "{") object(path)
    else if (c == "[") list(path)
    else if (c == "\"") print path "\t" string()
    else {
        start = at
        while (at <= length(text) && !index(",]} \t\r\n", substr(text, at, 1))) at++
        if (at == start) exit 1
        print path "\t" substr(text, start, at - start)
    }
}
function object(path,    key) {
    at++
    space()
    if (substr(text, at, 1) == "}") { at++; return }
    while (at <= length(text)) {
        space()
        key = string()
        space()
        if (substr(text, at++, 1) != ":") exit 1
        value(path "/" key)
        space()
        if (substr(text, at++, 1) != ",") return
    }
}
function list(path,    n) {
    at++
    space()
    if (substr(text, at, 1) == "]") { at++; return }
    for (n = 0; at <= length(text); n++) {
        value(path "/" n)
        space()
        if (substr(text, at++, 1) != ",") return
    }
}
function string(    result, c) {
    if (substr(text, at++, 1) != "\"") exit 1
    result = ""
    while (at <= length(text)) {
        c = substr(text, at++, 1)
        if (c == "\"") return result
        if (c == "\\") {
            c = substr(text, at++, 1)
            if (c == "u") {
                c = unicode(substr(text, at, 4))
                at += 4
            } else if (c == "n") c = "\\n"
            else if (c == "t") c = "\t"
            else if (c == "r" || c == "b" || c == "f") c = ""
        }
        result = result c
    }
    exit 1
}
function unicode(hex,    n, i) {
    n = 0
    for (i = 1; i <= 4; i++) n = n * 16 + index("0123456789abcdef", tolower(substr(hex, i, 1))) - 1
    return n < 128 ? sprintf("%c", n) : "?"
}
