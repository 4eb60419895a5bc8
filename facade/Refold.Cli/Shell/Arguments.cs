// Names on the command line that must be streams, runs or heads.
// Used by the verbs.
namespace Refold.Cli.Shell;

internal static class Arguments
{
    public static StreamId Stream(string name)
    {
        var result = StreamId.TryCreate(name);
        return result.IsOk ? result.ResultValue : throw new ToolException(ExitCode.Usage, $"{result.ErrorValue}; name a stream of 1 to 512 bytes without control characters.");
    }

    public static RunId Run(string name)
    {
        var result = RunId.TryCreate(name);
        return result.IsOk ? result.ResultValue : throw new ToolException(ExitCode.Usage, $"{result.ErrorValue}; name a run of 1 to 128 bytes without control characters.");
    }
}
