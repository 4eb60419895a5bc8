// A process that appends, deletes and compacts until it is killed, and says on standard output what it begins and what was answered.
// Started as `dotnet Refold.Suites.dll compact-segments DIRECTORY LIFE SEED SLOWNESS` by KilledCompactions; called by Program.
using System.Diagnostics;
using System.Globalization;
using Refold.Segments;

namespace Refold.Suites;

internal static class CompactingProcess
{
    /// <summary>The first argument of the process.</summary>
    public const string Verb = "compact-segments";

    /// <summary>How many tasks append and delete at once, beside the one that compacts.</summary>
    public const int Appenders = 2;

    /// <summary>Segments that a few appends fill, and checkpoints now and then.</summary>
    public static readonly JournalOptions Options = new() { Segments = new() { SegmentBytes = 4096, CheckpointBytes = 6000 } };

    /// <summary>Long after anybody waits for it: a process whose starter is gone ends by itself.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(3);

    /// <summary>Says a line: when, by the clock that all processes of the machine share, and what.</summary>
    public static string Line(params object[] words) =>
        string.Join(' ', words.Prepend(Stopwatch.GetTimestamp()).Select(word => Convert.ToString(word, CultureInfo.InvariantCulture)));

    public static async Task<int> RunAsync(string[] arguments)
    {
        if (arguments is not [var directory, .. var numbers]) return 2;
        if (numbers.Select(text => int.Parse(text, CultureInfo.InvariantCulture)).ToArray() is not [var life, var seed, var slowness])
            return 2;
        var rng = SeededRng.FromSeed((ulong)seed);
        await using var journal = SegmentJournal.Open(new SlowDevice(new DirectoryDevice(directory), slowness), Options);
        Say("open");
        List<Task> tasks =
        [
            .. Enumerable.Range(0, Appenders).Select(place => AppendAsync(journal, KeyedBatch.Number(life, place), rng.Split())),
            CompactAsync(journal, rng.Split()),
            Task.Delay(Longest),
        ];
        await await Task.WhenAny(tasks);
        return 3;
    }

    private static async Task AppendAsync(SegmentJournal journal, long first, SeededRng rng)
    {
        await Task.Yield();
        for (var number = first; ; number++)
        {
            if (rng.Chance(0.2)) await DeleteAsync(journal, rng);
            var receipt = await journal.AppendAsync(KeyedBatch.Of(number));
            Say("appended", number, KeyedBatch.Text(receipt));
            await Task.Delay(rng.Between(0, 4));
        }
    }

    private static async Task DeleteAsync(SegmentJournal journal, SeededRng rng)
    {
        var stream = rng.Pick(KeyedBatch.Streams);
        var (floor, highest) = Versions(journal, stream);
        if (highest == floor) return;
        // A part of what is left.
        var version = floor + rng.Between(1, (int)(highest - floor + 1) / 2);
        await RaiseAsync(stream, version, async () =>
        {
            await journal.DeleteToAsync(stream, version);
            return version;
        });
    }

    private static async Task CompactAsync(SegmentJournal journal, SeededRng rng)
    {
        await Task.Yield();
        while (true)
        {
            var behind = journal.Head.Position + 1;
            var position = Math.Max(1, behind - rng.Between(20, 400));
            var stream = rng.Pick(KeyedBatch.Streams);
            switch (rng.Between(0, 9))
            {
                case 0 or 1:
                    await RaiseAsync(CompactionLedger.Beginning, position - 1, async () =>
                    {
                        await ReplaceAsync(journal, new CompactionRequest.RetainFrom(position));
                        return journal.Begin.Position;
                    });
                    break;
                case 2 or 3:
                    await RaiseAsync(stream, long.MaxValue, async () =>
                    {
                        await ReplaceAsync(journal, new CompactionRequest.DeleteStream(stream));
                        return Versions(journal, stream).Floor;
                    });
                    break;
                case 4:
                    await RaiseAsync(CompactionLedger.Forgotten, position, async () =>
                    {
                        await ReplaceAsync(journal, new CompactionRequest.ForgetKeysBefore(position));
                        return journal.KeysForgottenBefore;
                    });
                    break;
                case 5 or 6 or 7:
                    await ReplaceAsync(journal, new CompactionRequest.DropDeleted());
                    break;
                default:
                    await ReplaceAsync(journal, new CompactionRequest.Merge { MaxBytes = rng.Between(4000, 16_000) });
                    break;
            }

            await Task.Delay(rng.Between(0, 10));
        }
    }

    /// <summary>Says that something is going to rise, does it, and says how far it rose.</summary>
    private static async Task RaiseAsync(string what, long most, Func<Task<long>> raise)
    {
        Say("raising", what, most);
        Say("raised", what, most, await raise());
    }

    private static async Task ReplaceAsync(SegmentJournal journal, CompactionRequest request)
    {
        var report = await journal.CompactAsync(request);
        Say("compacted", report.Replaced, report.Made);
    }

    private static (long Floor, long Highest) Versions(SegmentJournal journal, string stream) =>
        journal.Streams(stream).SingleOrDefault() is { } info ? (info.Floor, info.HighestVersion) : (0, 0);

    private static void Say(params object[] words) => Console.WriteLine(Line(words));

    /// <summary>Waits before whatever changes names, and a little before flushes, so that a killer from outside finds the moments between
    /// them.</summary>
    /// <param name="device">The files.</param>
    /// <param name="slowness">How long, in milliseconds; 0 for not at all.</param>
    private sealed class SlowDevice(IStorageDevice device, int slowness) : IStorageDevice
    {
        public string Place => device.Place;

        public bool Exists => device.Exists;

        public void CreateDirectory() => device.CreateDirectory();

        public IReadOnlyList<string> List() => device.List();

        public IStorageFile Open(string name, bool writable) => new SlowFile(device.Open(name, writable), slowness);

        public IStorageFile Create(string name) => new SlowFile(device.Create(name), slowness);

        public void Rename(string from, string to)
        {
            Wait(slowness);
            device.Rename(from, to);
        }

        public void Delete(string name)
        {
            Wait(slowness);
            device.Delete(name);
        }

        public void FlushDirectory()
        {
            Wait(slowness);
            device.FlushDirectory();
        }

        public IStorageLock? TryLock(string name) => device.TryLock(name);
    }

    private sealed class SlowFile(IStorageFile file, int slowness) : IStorageFile
    {
        public long Length => file.Length;

        public int Read(Span<byte> destination, long offset) => file.Read(destination, offset);

        public void Write(ReadOnlySpan<byte> bytes, long offset) => file.Write(bytes, offset);

        public void Flush()
        {
            Wait(slowness / 4);
            file.Flush();
        }

        public void Dispose() => file.Dispose();
    }

    private static void Wait(int milliseconds)
    {
        if (milliseconds > 0) Thread.Sleep(milliseconds);
    }
}
