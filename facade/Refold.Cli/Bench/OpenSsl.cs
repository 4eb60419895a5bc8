// `openssl speed -evp chacha20` as a peer: another process, held to the vector width that our kernels have on this machine.
// Called by RandomRows.
using System.Diagnostics;
using System.Globalization;
using System.Runtime.Intrinsics.X86;

namespace Refold.Bench;

internal static class OpenSsl
{
    /// <summary>The buffer that both sides fill.</summary>
    public const int Bytes = 8192;

    // The feature bits of leaf 7 that hide every form of AVX-512 from it: F, DQ, IFMA, PF, ER, CD, BW, VL.
    private const string WithoutAvx512 = ":~0xDC230000";

    private static readonly Lazy<string?> Problem = new(() =>
    {
        try
        {
            return Run("version").StartsWith("OpenSSL", StringComparison.Ordinal) ? null : "openssl does not say that it is OpenSSL";
        }
        catch (Exception exception) when (exception is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            return "there is no program openssl on the path";
        }
    });

    /// <summary>Why it cannot be asked; null where it can.</summary>
    public static string? Missing => Problem.Value;

    /// <summary>What it cannot tell.</summary>
    public static string Remark => Width is null
        ? "fill: openssl does not say which kernel it took; both sides may use AVX-512 here."
        : "fill: openssl does not say which kernel it took; it was kept from AVX-512 by OPENSSL_ia32cap, as this process has none.";

    private static string? Width => Avx512F.IsSupported ? null : WithoutAvx512;

    /// <summary>Its rate in GB/s over buffers of <see cref="Bytes"/>, measured for a second.</summary>
    public static double ChaCha20()
    {
        string answer = Run("speed", "-mr", "-seconds", "1", "-bytes", Bytes.ToString(CultureInfo.InvariantCulture), "-evp", "chacha20");
        // +F:22:ChaCha20:7811235840.00
        string line = answer.Split('\n').Last(text => text.StartsWith("+F:", StringComparison.Ordinal));
        return double.Parse(line[(line.LastIndexOf(':') + 1)..], CultureInfo.InvariantCulture) / 1e9;
    }

    private static string Run(params string[] arguments)
    {
        var start = new ProcessStartInfo("openssl", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Width is { } width) start.Environment["OPENSSL_ia32cap"] = width;
        using var process = Process.Start(start)!;
        var said = process.StandardError.ReadToEndAsync();
        string answer = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        said.Wait();
        return answer;
    }
}
