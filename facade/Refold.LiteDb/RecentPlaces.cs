// Places of the newest entries, in memory: documents say them later, many at once, and until then the entries themselves, which an opening
// reads. Filled by JournalState; asked by PlaceCursor, LiteDbIndex and IdSearch; written by PlaceChange.
using System.Collections.Concurrent;

namespace Refold.LiteDb;

/// <summary>When places are written into documents, and how.</summary>
/// <param name="Entries">So many entries are in memory only, or four times as many places; an opening after a crash reads them
/// again.</param>
/// <param name="Names">So many streams and words are; one transaction changes their documents.</param>
/// <param name="PieceSize">So many places are in a full piece.</param>
/// <param name="ChunkSize">So many pairs are in a full chunk of ids.</param>
/// <param name="Fan">So many runs of ids of about one size are merged.</param>
internal sealed record PlaceLimits(int Entries = 8192, int Names = 4096, int PieceSize = 512, int ChunkSize = 640, int Fan = 8);

/// <summary>What the documents do not say yet. One thread adds; any thread reads.</summary>
/// <param name="limits">When it is full.</param>
internal sealed class RecentPlaces(PlaceLimits limits)
{
    private readonly ConcurrentDictionary<StreamId, RecentStream> streams = new();
    private readonly ConcurrentDictionary<Word, PlaceList> words = new();
    private int names;
    private int entries;
    private long places;
    private int factor = 1;

    /// <summary>Whether it is time to write them into documents.</summary>
    public bool IsFull =>
        entries / factor >= limits.Entries || names / factor >= limits.Names || places / factor >= 4L * limits.Entries;

    /// <summary>When that is, and how they are written.</summary>
    public PlaceLimits Limits => limits;

    /// <summary>Whether there is nothing.</summary>
    public bool IsEmpty => names == 0;

    /// <summary>Streams that have entries or a higher version here.</summary>
    public IEnumerable<KeyValuePair<StreamId, RecentStream>> Streams => streams;

    /// <summary>Words that have entries here.</summary>
    public IEnumerable<KeyValuePair<Word, PlaceList>> Words => words;

    /// <summary>Ids of the entries here. They are smaller than places, and bounded with entries.</summary>
    public RecentIds Ids { get; } = new();

    /// <summary>Adds an entry behind all that are here.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="block">The last position of its block.</param>
    public void Add(JournalEntry entry, long block)
    {
        Of(entry.Stream).Add(new EntryPlace(entry.Version, entry.Position, block));
        foreach (var word in Word.Of(entry))
        {
            if (!words.TryGetValue(word, out var ofWord))
            {
                words[word] = ofWord = new PlaceList();
                names++;
            }

            ofWord.Add(new EntryPlace(entry.Position, entry.Position, block));
            places++;
        }

        Ids.Add(entry);
        entries++;
        places++;
    }

    /// <summary>Raises the highest version of a stream.</summary>
    public void Raise(StreamId stream, long version) => Of(stream).Raise(version);

    /// <summary>Waits until there is twice as much: they could not be written.</summary>
    public void Defer() => factor = checked(2 * factor);

    /// <summary>The highest version of a stream; 0 where nothing is known of it here.</summary>
    public long HighestVersion(StreamId stream) => streams.TryGetValue(stream, out var found) ? found.Highest : 0;

    /// <summary>Places of a stream's entries.</summary>
    public PlaceList? Find(StreamId stream) => streams.TryGetValue(stream, out var found) ? found.Places : null;

    /// <summary>Places of a word's entries.</summary>
    public PlaceList? Find(Word word) => words.GetValueOrDefault(word);

    private RecentStream Of(StreamId stream)
    {
        if (streams.TryGetValue(stream, out var found)) return found;
        names++;
        return streams[stream] = new RecentStream();
    }
}

/// <summary>A stream that has something new.</summary>
internal sealed class RecentStream
{
    private long highest;

    public PlaceList Places { get; } = new();

    public long Highest => Volatile.Read(ref highest);

    public void Add(EntryPlace place)
    {
        Places.Add(place);
        Raise(place.Number);
    }

    public void Raise(long version) => Volatile.Write(ref highest, Math.Max(highest, version));
}
