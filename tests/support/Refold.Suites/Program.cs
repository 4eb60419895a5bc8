// The processes that the suites start: one that kills itself, one that is killed, one that reads beside a writer.
// Started as `dotnet Refold.Suites.dll VERB ...` by the suites of killed processes and by the stress run.
namespace Refold.Suites;

internal static class Program
{
    /// <summary>The assembly to start.</summary>
    public static string Assembly => typeof(Program).Assembly.Location;

    public static Task<int> Main(string[] arguments) => arguments switch
    {
        [KilledProcess.Verb, .. var rest] => KilledProcess.RunAsync(rest),
        [CompactingProcess.Verb, .. var rest] => CompactingProcess.RunAsync(rest),
        [WritingProcess.Verb, .. var rest] => WritingProcess.RunAsync(rest),
        [DispatchingProcess.Verb, var directory, var life] => DispatchingProcess.RunAsync(
            directory, int.Parse(life, System.Globalization.CultureInfo.InvariantCulture)),
        [StandingProcess.Verb, var name, var file] => StandingProcess.RunAsync(name, file),
        [JournalProcess.Verb, var directory] => JournalProcess.RunAsync(directory),
        [CrowdedProcess.Verb, var directory] => CrowdedProcess.OpenAsync(directory),
        [SigningProcess.Verb, var memory, var history] => SigningProcess.RunAsync(memory, history),
        [BlockingCallers.Verb, var uri] => Task.FromResult(BlockingCallers.Run(uri)),
        [StressOutside.Verb, var directory] => StressOutside.AnswerAsync(directory),
        _ => Task.FromResult(2),
    };
}
