// A process that writes a journal as it is told, line by line, and says what each line came to.
// Started by the tests of the lock, which move and remove its files meanwhile; its other end is called by Program.
using System.Diagnostics;
using System.Globalization;
using Refold.Segments;

namespace Refold.Suites;

/// <summary>The process, as the one that tells it what to do sees it. It says first whether it could open: "open", or
/// "refused CODE MESSAGE".</summary>
internal sealed class JournalProcess : IDisposable
{
    /// <summary>The first argument of the process.</summary>
    public const string Verb = "write-journal";

    /// <summary>What .NET reads to lock no file any more.</summary>
    public const string WithoutLocks = "DOTNET_SYSTEM_IO_DISABLEFILELOCKING";

    /// <summary>How the process opens the journal.</summary>
    public static readonly JournalOptions Options = new() { Segments = new() { SegmentBytes = 4096, CheckpointBytes = 0 } };

    private readonly Process process;

    private JournalProcess(Process process, string opened) => (this.process, Opened) = (process, opened);

    /// <summary>What opening came to.</summary>
    public string Opened { get; }

    public static JournalProcess Start(string directory, bool withoutLocks = false)
    {
        var start = new ProcessStartInfo("dotnet", [Program.Assembly, Verb, directory])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        if (withoutLocks) start.Environment[WithoutLocks] = "1";
        var process = Process.Start(start)!;
        return new JournalProcess(process, process.StandardOutput.ReadLine() ?? "ended");
    }

    /// <summary>Tells it "append", "repeat", "large", "flush", "delete" or "compact"; it answers "done", or "refused CODE
    /// MESSAGE".</summary>
    public string Tell(string what)
    {
        process.StandardInput.WriteLine(what);
        process.StandardInput.Flush();
        return process.StandardOutput.ReadLine() ?? "ended";
    }

    /// <summary>Lets it close the journal and end.</summary>
    public int End()
    {
        process.StandardInput.Close();
        process.WaitForExit();
        return process.ExitCode;
    }

    public void Dispose()
    {
        if (!process.HasExited) process.Kill();
        process.WaitForExit();
        process.Dispose();
    }

    /// <summary>The other end.</summary>
    public static async Task<int> RunAsync(string directory)
    {
        SegmentJournal journal;
        try
        {
            journal = SegmentJournal.Open(directory, Options);
        }
        catch (JournalException exception)
        {
            await Console.Out.WriteLineAsync(Refused(exception));
            return 1;
        }

        await using (journal)
        {
            await Console.Out.WriteLineAsync("open");
            while (await Console.In.ReadLineAsync() is { } line) await Console.Out.WriteLineAsync(await DoneAsync(journal, line));
        }

        return 0;
    }

    /// <summary>Does what is told, and says what it came to.</summary>
    public static async Task<string> DoneAsync(SegmentJournal journal, string what)
    {
        try
        {
            await DoAsync(journal, what);
            return "done";
        }
        catch (JournalException exception)
        {
            return Refused(exception);
        }
    }

    private static async Task DoAsync(SegmentJournal journal, string what)
    {
        switch (what)
        {
            case "append":
                var key = (journal.Head.Position + 1).ToString(CultureInfo.InvariantCulture);
                await journal.AppendAsync(new AppendRequest(Samples.Entry("s", key)) { IdempotencyKey = key });
                break;
            case "repeat":
                await journal.AppendAsync(new AppendRequest(Samples.Entry("s", "1")) { IdempotencyKey = "1" });
                break;
            case "large":
                // Into a segment of its own.
                await journal.AppendAsync(new AppendRequest(Samples.Entry("large", new string('x', 6000))));
                break;
            case "flush":
                await journal.FlushAsync();
                break;
            case "delete":
                await journal.DeleteToAsync("s", journal.HighestVersion("s"));
                break;
            case "compact":
                await journal.CompactAsync(new CompactionRequest.RetainFrom(journal.Head.Position));
                break;
            default:
                throw new ArgumentException("No such work.", nameof(what));
        }
    }

    /// <summary>The innermost named error, as the others wrap it.</summary>
    private static string Refused(JournalException exception)
    {
        while (exception.InnerException is JournalException inner) exception = inner;
        return $"refused {exception.Code} {exception.Message}";
    }
}
