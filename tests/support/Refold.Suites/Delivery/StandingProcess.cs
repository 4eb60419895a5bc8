// A process with a dispatcher on a journal that another process has: it stands by or hands messages over until it is killed, and keeps
// each delivery in a file. Started by TwoDispatchers; its other end is called by Program.
using System.Diagnostics;
using System.Globalization;

namespace Refold.Suites;

/// <summary>The process, as the one that kills it sees it.</summary>
internal sealed class StandingProcess : IAsyncDisposable
{
    /// <summary>The first argument of the process.</summary>
    public const string Verb = "stand-by";

    private readonly Process process;
    private readonly Task answering;
    private readonly string file;

    private StandingProcess(string name, string file, Process process, Task answering) =>
        (Name, this.file, this.process, this.answering) = (name, file, process, answering);

    /// <summary>The name of its dispatcher, which no other process has or had.</summary>
    public string Name { get; }

    public static StandingProcess Start(ILocalJournal journal, string name, string directory)
    {
        var file = Path.Combine(directory, name);
        // Before the process, which may be killed before it begins: where it is not there, it was lost.
        File.WriteAllBytes(file, []);
        var start = new ProcessStartInfo("dotnet", [Program.Assembly, Verb, name, file])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        var process = Process.Start(start)!;
        return new StandingProcess(
            name, file, process, JournalDesk.AnswerAsync(journal, process.StandardOutput, process.StandardInput));
    }

    /// <summary>What another dispatcher's name waits for is short, and what a message may take is shorter.</summary>
    public static OutboxDispatcherOptions Options(string name) => new()
    {
        Name = name,
        FirstBackoff = TimeSpan.FromMilliseconds(1),
        MaxBackoff = TimeSpan.FromMilliseconds(2),
        MaxAttempts = int.MaxValue,
        DeliveryTimeout = TimeSpan.FromMilliseconds(900),
        TakeOverAfter = TimeSpan.FromSeconds(1),
        PollInterval = TimeSpan.FromMilliseconds(50),
    };

    /// <summary>The other end: dispatches until it is killed, or its journal is gone.</summary>
    public static async Task<int> RunAsync(string name, string file)
    {
        await using var journal = new DistantJournal(Console.In, Console.Out);
        using var deliveries = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.Read);
        var dispatcher = new OutboxDispatcher<TillCharge>(
            journal,
            Till.Payments,
            TillDeliveries.KeptIn(deliveries),
            Options(name));
        await dispatcher.RunAsync(CancellationToken.None);
        return 1;
    }

    public async Task KillAsync()
    {
        Xunit.Assert.False(process.HasExited, $"{Name} ended by itself");
        process.Kill();
        await process.WaitForExitAsync();
        await answering;
    }

    /// <summary>What it handed over.</summary>
    public IReadOnlyList<(long Number, Guid Id)> Deliveries() =>
    [
        // The last line may have been cut.
        .. File.ReadAllText(file).Split('\n').SkipLast(1).Select(line => line.Split(' '))
            .Select(words => (long.Parse(words[0], CultureInfo.InvariantCulture), Guid.Parse(words[1]))),
    ];

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) process.Kill();
        await process.WaitForExitAsync();
        await answering;
        process.Dispose();
    }
}
