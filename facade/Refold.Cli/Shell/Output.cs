// Standard output as bytes: UTF-8 without a mark, line feeds, one buffer.
// Every verb writes through it, so that a closed pipe ends the tool quietly in one place.
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Refold.Cli.Shell;

/// <summary>Whoever reads the output has closed it: <c>refold export | head</c>.</summary>
internal sealed class OutputClosedException(IOException cause) : Exception(cause.Message, cause);

internal static class Output
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static Stream Buffered => Terminal.Current.Output;

    /// <summary>Whether a person is looking, so that tables and colours make sense.</summary>
    public static bool IsTerminal => Terminal.Current.IsTerminal;

    public static void Line(string text) => Line(Encoding.UTF8.GetBytes(text));

    public static void Line(ReadOnlySpan<byte> utf8)
    {
        Write(utf8);
        Write("\n"u8);
    }

    public static void Json(JsonNode value) => Line(Text(value));

    /// <summary>JSON on one line, escaping only what must be.</summary>
    public static string Text(JsonNode value) => value.ToJsonString(Plain);

    public static void Flush()
    {
        try
        {
            Buffered.Flush();
        }
        catch (IOException exception)
        {
            throw Failed(exception);
        }
    }

    private static void Write(ReadOnlySpan<byte> bytes)
    {
        Terminal.Current.Shown?.Clear();
        try
        {
            Buffered.Write(bytes);
        }
        catch (IOException exception)
        {
            throw Failed(exception);
        }
    }

    // Only a reader that left ends the tool quietly: a full disk under the output must not look like a whole export.
    private static Exception Failed(IOException exception)
    {
        // The errno EPIPE; on Windows ERROR_BROKEN_PIPE and ERROR_NO_DATA.
        const int BrokenPipe = 32;
        return exception.HResult is BrokenPipe or unchecked((int)0x8007006D) or unchecked((int)0x800700E8)
            ? new OutputClosedException(exception)
            : new ToolException(
                ExitCode.Unreadable,
                $"The output cannot be written: {exception.Message.TrimEnd('.')}. What was written of it is not whole.");
    }
}
