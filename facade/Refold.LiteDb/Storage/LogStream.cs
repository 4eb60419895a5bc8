// LiteDB's log made durable: a transaction is confirmed only when all its pages are on the device. LiteDB flushes its log never (its
// issues 2818, 2935, 2940), and takes any page with the confirm byte for a whole transaction. Made by Database; called by LiteDB.
namespace Refold.LiteDb.Storage;

/// <summary>
/// The two-phase log: every page is written as LiteDB gives it, except that the one that confirms a transaction is written without its
/// confirmation first; flush; then with it; flush. The file stays one that LiteDB itself can read.
/// </summary>
/// <param name="file">The log file.</param>
internal sealed class LogStream(IDatabaseFile file) : EngineStream(file)
{
    /// <summary>Where a page says that its transaction is confirmed (LiteDB: BasePage.P_IS_CONFIRMED).</summary>
    public const int ConfirmByte = 18;

    /// <summary>How many transactions were confirmed durably.</summary>
    public long Confirmed { get; private set; }

    // Of the pages that were written in this life, by number: what LiteDB reads of them is what was written.
    private readonly PageSums sums = new();

    /// <summary>Called before everything in the log, which is in the data file now, leaves it.</summary>
    public Action Emptying { get; set; } = () => { };

    /// <summary>How many pages were confirmed since the log was empty, and the checksum over them.</summary>
    public (int Pages, uint Sum) Chain { get; private set; }

    /// <summary>The length at the last confirmation: what lies behind it belongs to a transaction that never was.</summary>
    public long ConfirmedLength { get; private set; } = file.Length / PageSize * PageSize;

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (buffer.Length != PageSize || buffer[ConfirmByte] != 1)
        {
            var number = Position / PageSize;
            base.Write(buffer);
            sums[number] = buffer.Length == PageSize ? PageSums.Of(number, buffer) : 0;
            return;
        }

        var place = Position;
        var page = buffer.ToArray();
        page[ConfirmByte] = 0;
        base.Write(page);
        Flush();
        Position = place;
        try
        {
            base.Write(buffer);
        }
        catch
        {
            // How much of it arrived is not known, and the confirmation is one byte.
            IsInDoubt = true;
            throw;
        }

        Flush();
        sums[place / PageSize] = PageSums.Of(place / PageSize, buffer);
        Confirmed++;
        ConfirmedLength = place + PageSize;
        var (pages, sum) = Chain;
        for (; pages < ConfirmedLength / PageSize; pages++) sum = LogScan.Join(sum, sums[pages]);
        Chain = (pages, sum);
    }

    public override int Read(Span<byte> buffer)
    {
        var number = Position / PageSize;
        var read = base.Read(buffer);
        if (read == PageSize && sums[number] is > 0 and var sum && PageSums.Of(number, buffer[..PageSize]) is var found && sum != found)
            throw new JournalCorruptedException(
                "the log", number * PageSize, $"the checksum of page {number}", $"{sum:x8}", $"{found:x8}");
        return read;
    }

    /// <summary>LiteDB empties the log when everything in it is in the data file, and durable there.</summary>
    public override void SetLength(long value)
    {
        if (value == 0) Emptying();
        base.SetLength(value);
        Flush();
        // What is written there next is another page.
        for (var number = value / PageSize; number < sums.Count; number++) sums[number] = 0;
        if (value == 0) Chain = default;
        ConfirmedLength = Math.Min(ConfirmedLength, value);
    }

    /// <summary>
    /// Writes the log's own bytes again and flushes them, before anything is copied from it into the data file: a process that was killed
    /// left pages that only memory has, and a flush that failed may have left them there for good.
    /// </summary>
    public void MakeDurable()
    {
        var buffer = new byte[64 * PageSize];
        for (long place = 0; place < File.Length;)
        {
            var read = File.Read(buffer, place);
            File.Write(buffer.AsSpan(0, read), place);
            place += read;
        }

        Flush();
    }
}
