// How far long work has come, for a person at a terminal: a bar with rate and time left where the end is known. Silent in a pipe.
// Used by every verb that can take long.
using System.Diagnostics;
using System.Globalization;
using Refold.Segments;

namespace Refold.Cli.Shell;

/// <summary>One piece of work, from <c>Start</c> to <c>Dispose</c>. Told from any thread.</summary>
internal sealed class Progress : IDisposable
{
    private const int Bar = 20;

    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(100);

    private readonly Lock gate = new();
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly Terminal terminal = Terminal.Current;
    private readonly string what;
    private readonly string unit;
    private readonly bool isShown;
    private long total;
    private TimeSpan last = -Between;
    private long begun = -1;
    private bool isDrawn;

    private Progress(string what, string unit, long? total, bool isShown)
    {
        (this.what, this.unit, this.total, this.isShown) = (what, unit, total ?? 0, isShown);
        if (isShown) terminal.Shown = this;
    }

    /// <summary>Whether somebody sees it: a total that costs something to find is looked for only then.</summary>
    public static bool IsShown => Terminal.Current is { IsTerminal: true, ErrorIsTerminal: true };

    /// <summary>Begins to show work.</summary>
    /// <param name="what">What is done, as <c>importing</c>.</param>
    /// <param name="unit">What is counted, in the plural.</param>
    /// <param name="total">How many there are; null or 0 where nobody knows.</param>
    public static Progress Start(string what, string unit, long? total = null) => new(what, unit, total, IsShown);

    /// <summary>As <c>Start</c>, for work whose result is standard output: shown when that goes elsewhere.</summary>
    public static Progress StartBesideOutput(string what, string unit, long? total) =>
        new(what, unit, total, Terminal.Current is { IsTerminal: false, ErrorIsTerminal: true });

    /// <summary>A device that shows how much of its segments was read, and ends the next read or write where that is asked.</summary>
    public IStorageDevice Watching(IStorageDevice device, CancellationToken cancellationToken)
    {
        long read = 0;
        return new WatchedDevice(device, (_, bytes) => Tell(Interlocked.Add(ref read, bytes)), cancellationToken);
    }

    /// <summary>So much is done.</summary>
    public void Tell(long done, long? of = null)
    {
        if (!isShown) return;
        lock (gate)
        {
            var now = clock.Elapsed;
            if (of is { } known) total = known;
            if (begun < 0) begun = done;
            if (now - last < Between && done != total) return;
            last = now;
            isDrawn = true;
            terminal.Error.Write("\r\e[K" + Line(what, unit, done - begun, done, total, now, terminal.Columns));
        }
    }

    /// <summary>Clears the line, so that what follows begins on an empty one.</summary>
    public void Clear()
    {
        if (!isDrawn) return;
        lock (gate)
        {
            if (isDrawn) terminal.Error.Write("\r\e[K");
            isDrawn = false;
        }
    }

    public void Dispose()
    {
        Clear();
        if (terminal.Shown == this) terminal.Shown = null;
    }

    /// <summary>The line: what fits into the screen, the bar only where there is room for it.</summary>
    /// <param name="what">What is done.</param>
    /// <param name="unit">What is counted.</param>
    /// <param name="made">How much was done in that time: what was there before the work began took none.</param>
    /// <param name="done">How much is done.</param>
    /// <param name="total">How much there is; 0 where nobody knows.</param>
    /// <param name="now">The time since it began.</param>
    /// <param name="columns">The width of the screen.</param>
    internal static string Line(string what, string unit, long made, long done, long total, TimeSpan now, int columns)
    {
        double rate = now > TimeSpan.Zero ? made / now.TotalSeconds : 0;
        string speed = rate is > 0 and < 10
            ? string.Create(CultureInfo.InvariantCulture, $"{rate:0.#}/s")
            : string.Create(CultureInfo.InvariantCulture, $"{rate:N0}/s");
        if (total <= 0)
            return Cut(string.Create(CultureInfo.InvariantCulture, $"{what} {done:N0} {unit}  {speed}"), columns);
        double share = Math.Clamp((double)done / total, 0, 1);
        int full = (int)(share * Bar);
        string counts = string.Create(CultureInfo.InvariantCulture, $"{share * 100,3:F0}% {done:N0} of {total:N0} {unit}  {speed}");
        if (rate > 0 && done < total) counts += "  " + Left((total - done) / rate);
        string bar = $"[{new string('#', full)}{new string('.', Bar - full)}] ";
        string whole = $"{what} {bar}{counts}";
        return whole.Length < columns ? whole : Cut($"{what} {counts}", columns);
    }

    private static string Left(double seconds) => seconds switch
    {
        < 60 => string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(seconds):N0} s left"),
        < 3600 => string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(seconds / 60):N0} min left"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(seconds / 3600):N0} h left"),
    };

    private static string Cut(string line, int columns) => line.Length < columns ? line : line[..Math.Max(0, columns - 1)];
}
