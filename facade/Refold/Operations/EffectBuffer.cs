// What an attempt has recorded and not written yet, in order.
// Filled by LiveAttempt, from several branches at once.
namespace Refold;

internal sealed class EffectBuffer
{
    private readonly Lock gate = new();
    private List<EntryData> entries = [];
    private bool hasUnwritten;
    private long bytes;

    /// <summary>How many there are.</summary>
    public int Count
    {
        get
        {
            lock (gate) return entries.Count;
        }
    }

    /// <summary>How many bytes their payloads have.</summary>
    public long Bytes
    {
        get
        {
            lock (gate) return bytes;
        }
    }

    /// <summary>Whether there is something among them that was got just now, and is not known to the journal in another place.</summary>
    public bool HasUnwritten
    {
        get
        {
            lock (gate) return hasUnwritten;
        }
    }

    /// <summary>One more.</summary>
    public void Add(EntryData entry, bool isUnwritten)
    {
        lock (gate)
        {
            entries.Add(entry);
            bytes += entry.Payload.Length;
            hasUnwritten |= isUnwritten;
        }
    }

    /// <summary>Everything, to be written.</summary>
    public (List<EntryData> Entries, bool WereUnwritten) Take()
    {
        lock (gate)
        {
            var taken = (entries, hasUnwritten);
            (entries, hasUnwritten, bytes) = ([], false, 0);
            return taken;
        }
    }

    /// <summary>What was taken and not written, before what came since.</summary>
    public void PutBack(List<EntryData> taken, bool wereUnwritten)
    {
        lock (gate)
        {
            entries.InsertRange(0, taken);
            bytes += taken.Sum(entry => (long)entry.Payload.Length);
            hasUnwritten |= wereUnwritten;
        }
    }
}
