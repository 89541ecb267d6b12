/// What Placement calls the features of a CPU (os-traits, `HW_CPU_X86_*`).
package enum CPUTraits {
    /// By the flag of `/proc/cpuinfo`.
    private static let byFlag = [
        "abm": "ABM", "aes": "AESNI", "avx": "AVX", "avx2": "AVX2", "avx512bw": "AVX512BW", "avx512cd": "AVX512CD",
        "avx512dq": "AVX512DQ", "avx512f": "AVX512F", "avx512vl": "AVX512VL", "avx512_vnni": "AVX512VNNI",
        "bmi1": "BMI", "bmi2": "BMI2", "f16c": "F16C", "fma": "FMA3", "mmx": "MMX", "pclmulqdq": "CLMUL",
        "sha_ni": "SHA", "sse": "SSE", "sse2": "SSE2", "pni": "SSE3", "sse4_1": "SSE41", "sse4_2": "SSE42",
        "sse4a": "SSE4A", "ssse3": "SSSE3", "svm": "SVM", "vmx": "VMX",
    ]

    /// In order of name; flags without a trait are passed over.
    package static func names(of flags: Set<String>) -> [String] {
        flags.compactMap { byFlag[$0] }.map { "HW_CPU_X86_\($0)" }.sorted()
    }
}
