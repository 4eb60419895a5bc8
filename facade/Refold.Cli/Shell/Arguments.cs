// Names on the command line that must be streams, runs or heads.
// Used by the verbs.
using System.Globalization;

namespace Refold.Cli.Shell;

internal static class Arguments
{
    public static StreamId Stream(string name)
    {
        var result = Core.StreamIdModule.tryCreate(name);
        return result.IsOk
            ? result.ResultValue
            : throw new ToolException(ExitCode.Usage, $"{result.ErrorValue}; name a stream of 1 to 512 bytes without control characters.");
    }

    public static RunId Run(string name)
    {
        var result = Core.RunIdModule.tryCreate(name);
        return result.IsOk
            ? result.ResultValue
            : throw new ToolException(ExitCode.Usage, $"{result.ErrorValue}; name a run of 1 to 128 bytes without control characters.");
    }

    /// <summary>A head hash, or POSITION:HASH.</summary>
    public static (long? Position, string Hash) Head(string text)
    {
        string[] parts = text.Split(':');
        long position = 0;
        bool valid = parts[^1].Length == 64 && parts[^1].All(char.IsAsciiHexDigit)
            && (
                parts.Length == 1
                    || (parts.Length == 2 && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out position)));
        return valid
            ? (parts.Length == 2 ? position : null, parts[^1].ToLowerInvariant())
            : throw new ToolException(
                ExitCode.Usage, $"--head is '{text}', it must be 64 hexadecimal digits, or POSITION: and 64 hexadecimal digits.");
    }
}
