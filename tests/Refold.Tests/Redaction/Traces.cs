// Looking for a value that must not be written: byte by byte, as it is and in the forms that a value gets on its way.
// Used by the tests of this folder.
using System.Text;
using System.Text.Json;

namespace Refold.Tests.Redaction;

internal static class Traces
{
    /// <summary>The value: with characters that addresses, JSON and base64 each write otherwise.</summary>
    public const string Secret = "4929/s3cr3t+\"0451";

    /// <summary>Its forms, by their names.</summary>
    public static IReadOnlyDictionary<string, byte[]> Forms { get; } = FormsOf(Secret);

    /// <summary>The forms of the value that are in bytes.</summary>
    public static IEnumerable<string> In(ReadOnlyMemory<byte> bytes) =>
        Forms.Where(form => bytes.Span.IndexOf(form.Value) >= 0).Select(form => form.Key);

    public static IEnumerable<string> In(string text) => In(Encoding.UTF8.GetBytes(text));

    /// <summary>The files below a directory that hold the value, as they are while they are written: a runtime that has them locked keeps
    /// its own code from reading them, and nobody else.</summary>
    public static IReadOnlyList<string> InOpenFiles(string directory)
    {
        using var copy = new TemporaryDirectory();
        using var process = System.Diagnostics.Process.Start("cp", ["-R", directory, copy.File("copy")]);
        process.WaitForExit();
        return process.ExitCode == 0 ? InFiles(copy.Root) : ["no copy"];
    }

    /// <summary>The files below a directory that hold the value, each with the form.</summary>
    public static IReadOnlyList<string> InFiles(string directory)
    {
        var files = Directory.GetFiles(directory, "*", SearchOption.AllDirectories);
        // Nothing is found in nothing.
        return files.Length == 0
            ? ["no file at all"]
            : [.. files.SelectMany(file => In(File.ReadAllBytes(file)).Select(form => Path.GetFileName(file) + ": " + form))];
    }

    private static Dictionary<string, byte[]> FormsOf(string value)
    {
        var utf8 = Encoding.UTF8.GetBytes(value);
        var forms = new Dictionary<string, byte[]>
        {
            ["UTF-8"] = utf8,
            ["UTF-16"] = Encoding.Unicode.GetBytes(value),
            ["UTF-16, big-endian"] = Encoding.BigEndianUnicode.GetBytes(value),
            ["address"] = Encoding.UTF8.GetBytes(Uri.EscapeDataString(value)),
            ["JSON"] = Encoding.UTF8.GetBytes(value.Replace("\"", "\\\"", StringComparison.Ordinal)),
            ["JSON, more escaped"] = JsonEncodedText.Encode(value).EncodedUtf8Bytes.ToArray(),
        };
        (string Of, byte[] Bytes)[] encoded =
        [
            ("", utf8), (" of UTF-16", forms["UTF-16"]), (" of JSON", forms["JSON"]),
            (" of JSON, more escaped", forms["JSON, more escaped"]),
        ];
        foreach (var (of, bytes) in encoded)
        {
            for (var shift = 0; shift < 3; shift++)
            {
                // At each of the three places in a group of three bytes, without what its neighbours have a part in.
                var text = Convert.ToBase64String([.. new byte[shift], .. bytes]);
                forms[$"base64{of}, {shift}"] = Encoding.UTF8.GetBytes(text[(shift == 0 ? 0 : 4)..^4]);
            }
        }

        return forms;
    }
}
