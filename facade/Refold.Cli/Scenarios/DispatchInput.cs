// The commands of the scenario with their times, line by line from an access log.
// Called by DispatchRecorder.
using System.Text;
using Refold.Cli.Shell;

namespace Refold.Cli.Scenarios;

/// <summary>A command and the time of its step.</summary>
internal sealed record TimedCommand(DispatchCommand Command, DateTimeOffset Time);

internal static class DispatchInput
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>A command a line. The clock is the running maximum of the lines' times, the Unix epoch before the first.</summary>
    public static IEnumerable<TimedCommand> Read(Stream stream, string path, CancellationToken cancellationToken = default)
    {
        var clock = DateTimeOffset.UnixEpoch;
        foreach (var line in LineReader.Read(stream, path, cancellationToken))
        {
            string text = Decode(line.Span);
            var parsed = AccessLog.TryParse(text);
            if (parsed?.Time > clock)
                clock = parsed.Time;
            yield return new TimedCommand(parsed is null ? new RawLine(text) : parsed.Request, clock);
        }
    }

    private static string Decode(ReadOnlySpan<byte> line)
    {
        try
        {
            return Strict.GetString(line);
        }
        catch (DecoderFallbackException)
        {
            return Encoding.Latin1.GetString(line);
        }
    }
}
