// Starting a process that decides again under a culture, waiting for it within a bound, and taking its verdict.
// Called by Determinism, once a culture.
using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Refold.Testing;

/// <summary>What every process is told.</summary>
/// <param name="Journal">The file with the entries.</param>
/// <param name="AssemblyPath">Where the aggregates' assembly lies.</param>
/// <param name="AssemblyName">Its full name.</param>
/// <param name="Type">The type that has the aggregates; null for all public ones.</param>
/// <param name="Run">The run; null for every one.</param>
internal sealed record CheckOrder(string Journal, string AssemblyPath, string AssemblyName, string? Type, string? Run);

internal static class CheckProcess
{
    public static async Task<CultureVerdict> RunAsync(
        ProcessFiles files, CheckOrder order, string culture, int index, TimeSpan timeout, CancellationToken cancellationToken)
    {
        string result = files.Result(index);
        var start = new ProcessStartInfo(Host.Dotnet())
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] arguments =
        [
            "exec", .. Host.Surroundings(files), typeof(CheckProcess).Assembly.Location,
            order.Journal, result, culture, order.AssemblyPath, order.AssemblyName, order.Type ?? "", order.Run ?? "",
        ];
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        using var process = Start(start, culture);
        process.StandardInput.Close();
        var said = Task.WhenAll(
            process.StandardOutput.ReadToEndAsync(CancellationToken.None), process.StandardError.ReadToEndAsync(CancellationToken.None));
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(timeout);
        try
        {
            await process.WaitForExitAsync(bound.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            throw Failed(culture, FormattableString.Invariant(
                $"the process did not end within {timeout.TotalSeconds} seconds and was ended; a decision may not come back"));
        }

        string[] lines = await said.ConfigureAwait(false);
        return process.ExitCode == 0 && ProcessFiles.ReadResult(result) is { } verdict
            ? Verdict(culture, verdict)
            : throw Failed(culture, FormattableString.Invariant(
                $"the process ended with exit code {process.ExitCode} and no verdict: {lines[1].Trim()}{lines[0].Trim()}"));
    }

    private static Process Start(ProcessStartInfo start, string culture)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.Runtime.InteropServices.ExternalException unstarted)
        {
            throw Failed(culture, $"{start.FileName} could not be started: {unstarted.Message}", unstarted);
        }
    }

    private static CultureVerdict Verdict(string culture, JsonObject verdict)
    {
        if (verdict["error"] is { } error) throw Failed(culture, (string)error!);
        var difference = verdict["difference"] is not JsonObject found ? null : new DeterminismDifference(
            RunId.Create((string)found["run"]!),
            (long)found["position"]!,
            StreamId.Create((string)found["stream"]!),
            (long)found["version"]!,
            (string)found["path"]!,
            (string)found["expected"]!,
            (string)found["actual"]!,
            (DivergenceCause)(int)found["cause"]!,
            (int)found["pass"]!,
            (string)found["text"]!);
        return new CultureVerdict(culture, (int)verdict["runs"]!, (long)verdict["derived"]!, difference);
    }

    private static DeterminismException Failed(string culture, string reason, Exception? innerException = null) =>
        new($"Nothing is known under the culture '{(culture == "" ? "invariant" : culture)}': {reason}", innerException);
}
