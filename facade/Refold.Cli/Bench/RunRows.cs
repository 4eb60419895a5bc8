// Rows of runs: commands executed on a journal in memory, and the verification of what they recorded.
// Part of the tool's own rows.
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;

namespace Refold.Bench;

internal static class RunRows
{
    private const string Loop = "decide, encode twice, decode, two hashes";
    private const int Streams = 100;

    public static IEnumerable<Row> All =>
    [
        new(
            "execute.memory", "Commands executed on a journal in memory, many before the first answer, against a raw loop", "commands/s",
            Better.Larger, Loop, 0.25, Execute),
        new(
            "verify.memory", "Recorded commands decided again and compared, against the same raw loop", "commands/s", Better.Larger, Loop,
            0.3, Verify),
    ];

    /// <summary>Bytes of a recorded command.</summary>
    public static double CommandBytes(BenchSession session)
    {
        int count = session.Scaled(2_000, 100);
        return Measure.Allocated(session.Rounds, count, () => Recorded(count).Dispose());
    }

    /// <summary>Bytes of a command's verification.</summary>
    public static double VerifyBytes(BenchSession session)
    {
        int count = session.Scaled(2_000, 100);
        using var recorded = Recorded(count);
        return Measure.Allocated(session.Rounds, count, recorded.Verify);
    }

    private static Figures Execute(BenchSession session)
    {
        int count = session.Scaled(10_000, 200);
        return Measure.Interleaved(
            session.Rounds, () => Measure.Rate(count, () => Recorded(count).Dispose()), () => Measure.Rate(count, () => RawLoop(count)));
    }

    private static Figures Verify(BenchSession session)
    {
        int count = session.Scaled(10_000, 200);
        using var recorded = Recorded(count);
        return Measure.Interleaved(
            session.Rounds, () => Measure.Rate(count, recorded.Verify), () => Measure.Rate(count, () => RawLoop(count)));
    }

    private static RecordedCommands Recorded(int count)
    {
        var journal = new InMemoryJournal();
        var run = journal.StartRunAsync(new RunPin("bench", "bench", "1", seed: 42), new RunOptions { RunId = "bench" }).Answer();
        var streams = run.Streams(Payloads.Account);
        var names = Payloads.Names(Streams);
        var options = new ExecuteOptions { Time = DateTimeOffset.UnixEpoch };
        Task.WaitAll(Enumerable.Range(0, count).Select(number =>
            streams.ExecuteAsync(names[number % Streams], Payloads.Payment(number), options)));
        run.DisposeAsync().Wait();
        return new RecordedCommands(journal, run.Id);
    }

    private sealed record RecordedCommands(InMemoryJournal Journal, RunId Run) : IDisposable
    {
        public void Verify()
        {
            var report = Journal.VerifyAsync(Run, Payloads.Account).Answer();
            if (!report.Matched) throw new InvalidOperationException(report.ToString());
        }

        public void Dispose() => Journal.DisposeAsync().Wait();
    }

    private static long sink;

    // One after the other: decide, the command and the event to JSON, the event back, a leaf over both and a head over the leaf.
    private static void RawLoop(int count)
    {
        long[] totals = new long[Streams];
        byte[] leaf = new byte[1024], head = new byte[72];
        for (int number = 0; number < count; number++)
        {
            var command = Payloads.Payment(number);
            long total = totals[number % Streams];
            if (command.Amount < 0 && total + command.Amount < 0) continue;
            byte[] commandBytes = JsonSerializer.SerializeToUtf8Bytes(command, PaidJson.Default.Paid);
            byte[] eventBytes = JsonSerializer.SerializeToUtf8Bytes(command, PaidJson.Default.Paid);
            var happened = JsonSerializer.Deserialize(eventBytes, PaidJson.Default.Paid)!;
            totals[number % Streams] = total + happened.Amount;
            commandBytes.CopyTo(leaf, 1);
            eventBytes.CopyTo(leaf, 1 + commandBytes.Length);
            SHA256.HashData(leaf.AsSpan(0, 1 + commandBytes.Length + eventBytes.Length), head.AsSpan(40));
            BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(32), number);
            SHA256.HashData(head, head);
        }

        sink = totals[0];
    }
}
