// The order service of the samples as a process, and its replay as another one.
// Started and killed by OrderServiceCase.
using System.Diagnostics;
using System.Globalization;

namespace Refold.Suites;

internal sealed class OrderServiceProcess : IDisposable
{
    /// <summary>Long enough for a slow machine; only a service that hangs meets it.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private const string Listening = "listening on ";
    private readonly Process process;
    private readonly Task<string> errors;
    private readonly List<string> lines = [];
    private Task<string> rest = Task.FromResult("");

    private OrderServiceProcess(Process process)
    {
        this.process = process;
        errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Where it answers.</summary>
    public Uri Address { get; private set; } = new("http://127.0.0.1/");

    /// <summary>How many operations it went on with before it answered anybody.</summary>
    public int Resumed => lines.Count(line => line.StartsWith("resumed ", StringComparison.Ordinal));

    /// <summary>Starts it, and waits until it answers.</summary>
    public static async Task<OrderServiceProcess> StartAsync(
        string journal, string version, Uri outside, string token, double stopWithin = 30, bool tellsAll = false, Uri? worker = null) =>
        await StartedAsync(Arguments(journal, version, outside, token, stopWithin, tellsAll, worker));

    /// <summary>Starts it, and waits for nothing.</summary>
    public static OrderServiceProcess Begin(string journal, string version, Uri outside, string token, Uri worker) =>
        new(Run(Arguments(journal, version, outside, token, 30, tellsAll: false, worker)));

    private static string[] Arguments(
        string journal, string version, Uri outside, string token, double stopWithin, bool tellsAll, Uri? worker) =>
        [
            "--journal", journal, "--version", version, "--outside", outside.ToString(), "--token", token, "--timeout", "1",
            "--stop-within", stopWithin.ToString(CultureInfo.InvariantCulture), "--urls", "http://127.0.0.1:0",
            "--telemetry", tellsAll ? "true" : "false",
            .. worker is null ? (string[])[] : ["--worker", worker.ToString()],
        ];

    /// <summary>Starts the worker that packs shipments, and waits until it answers.</summary>
    public static Task<OrderServiceProcess> StartWorkerAsync(string journal, Uri address) =>
        StartedAsync(["worker", "--journal", journal, "--urls", address.ToString()]);

    private static async Task<OrderServiceProcess> StartedAsync(string[] arguments)
    {
        var service = new OrderServiceProcess(Run(arguments));
        try
        {
            await service.ReadAsync().WaitAsync(Patience);
            return service;
        }
        catch
        {
            service.Dispose();
            throw;
        }
    }

    /// <summary>Replays a journal in a process of its own: its exit code, and what it says.</summary>
    public static async Task<(int ExitCode, string[] Lines)> ReplayAsync(string journal)
    {
        using var replay = new OrderServiceProcess(Run("replay", "--journal", journal));
        var output = await replay.process.StandardOutput.ReadToEndAsync().WaitAsync(Patience);
        await replay.process.WaitForExitAsync().WaitAsync(Patience);
        if (await replay.errors is { Length: > 0 } error) throw new InvalidOperationException(error);
        return (replay.process.ExitCode, output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>Ends it by SIGKILL, in the middle of whatever it does.</summary>
    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    /// <summary>Ends it as a host does, and answers its exit code with what it said on standard error.</summary>
    public async Task<(int ExitCode, string Error)> StopAsync()
    {
        using var term = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await process.WaitForExitAsync().WaitAsync(Patience);
        await rest;
        return (process.ExitCode, await errors);
    }

    /// <summary>What it said since it answers, once it has ended.</summary>
    public Task<string> Rest => rest;

    /// <summary>Ends it as a host does, and answers what it said since it answers.</summary>
    public async Task<string> StopAndReadAsync() => (await StopAsync()).Error + await rest;

    public void Dispose()
    {
        if (!process.HasExited) process.Kill();
        process.Dispose();
    }

    private static Process Run(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "OrderService.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Nobody edits its settings meanwhile, and watchers of files are scarce.
        start.Environment["DOTNET_hostBuilder__reloadConfigOnChange"] = "false";
        return Process.Start(start)!;
    }

    private async Task ReadAsync()
    {
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith(Listening, StringComparison.Ordinal))
            {
                Address = new Uri(line[Listening.Length..]);
                rest = process.StandardOutput.ReadToEndAsync();
                return;
            }

            lines.Add(line);
        }

        throw new InvalidOperationException($"The service does not start: {string.Join('\n', lines)}\n{await errors}");
    }
}
