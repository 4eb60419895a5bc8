// The base frame that stands for a dropped beginning, and where the beginning ends. FORMAT.md, "Base".
// Called by Compaction.fs for the first segment of a journal that drops its beginning.
namespace Refold.Core

/// What a compaction does with the beginning of a journal.
[<RequireQualifiedAccess>]
module internal CompactionBase =

    /// The last position of a batch; 0 for what takes no position.
    let lastPosition (item: SegmentItem) : int64 =
        match item.Content with
        | SegmentContent.Batch stored -> stored.Batch.Receipt.Head.Position
        | SegmentContent.Deletion _
        | SegmentContent.Base _ -> 0L

    /// What goes as the beginning, and what is left. Without a batch that goes, nothing does.
    let split
        (rule: CompactionRule)
        (items: (CompactionSource * SegmentItem) list)
        : (CompactionSource * SegmentItem) list * (CompactionSource * SegmentItem) list =
        let survives (_, item) = lastPosition item > 0L && lastPosition item >= rule.Before

        match List.tryFindIndex survives items with
        | Some index when items |> List.take index |> List.exists (fun (_, item) -> lastPosition item > 0L) ->
            List.splitAt index items
        | _ -> [], items

    /// The version known of a stream; 0 for none.
    let versionOf (stream: StreamId) (versions: Map<StreamId, int64>) : int64 =
        Map.tryFind stream versions |> Option.defaultValue 0L

    /// What is known with a version that is known as well: the higher one counts.
    let raiseTo (stream: StreamId) (version: int64) (versions: Map<StreamId, int64>) : Map<StreamId, int64> =
        Map.add stream (max version (versionOf stream versions)) versions

    /// The highest version of each stream that is gone by an earlier compaction, on top of what is known already.
    let dropped (known: Map<StreamId, int64>) (item: SegmentItem) : Map<StreamId, int64> =
        match item.Content with
        | SegmentContent.Batch stored ->
            stored.Dropped |> List.fold (fun known gone -> raiseTo gone.Stream gone.Last known) known
        | SegmentContent.Base(content, _) ->
            content.Streams |> List.fold (fun known stream -> raiseTo stream.Stream stream.Floor known) known
        | SegmentContent.Deletion _ -> known

    /// The version up to which each stream was deleted, on top of what is known already.
    let deleted (known: Map<StreamId, int64>) (item: SegmentItem) : Map<StreamId, int64> =
        match item.Content with
        | SegmentContent.Deletion(stream, version) -> raiseTo stream version known
        | SegmentContent.Batch _
        | SegmentContent.Base _ -> known

    let private entries (known: Map<StreamId, int64>) (item: SegmentItem) : Map<StreamId, int64> =
        match item.Content with
        | SegmentContent.Batch stored ->
            Seq.zip stored.Batch.Entries stored.Batch.Versions
            |> Seq.fold (fun known (data, version) -> raiseTo data.Stream version known) known
        | SegmentContent.Base _
        | SegmentContent.Deletion _ -> known

    /// The highest version of each stream in these items, whether it is there or gone. What a base knows of a stream is all gone.
    let highest (items: SegmentItem list) : Map<StreamId, int64> =
        items |> List.fold (fun known item -> entries (deleted (dropped known item) item) item) Map.empty

    let private keys (rule: CompactionRule) (items: SegmentItem list) : BaseKey list =
        items
        |> List.collect (fun item ->
            match item.Content with
            | SegmentContent.Base(content, _) -> content.Keys
            | SegmentContent.Deletion _ -> []
            | SegmentContent.Batch stored ->
                [
                    for key, content in Option.toList stored.Batch.Key ->
                        { Key = key; Content = content; Receipt = stored.Batch.Receipt }
                ])
        |> List.filter (fun key -> key.Receipt.FirstPosition >= rule.KeysBefore)

    let private headAfter (items: SegmentItem list) : Head =
        let folder head (item: SegmentItem) =
            match item.Content with
            | SegmentContent.Batch stored -> stored.Batch.Receipt.Head
            | SegmentContent.Base(_, head) -> head
            | SegmentContent.Deletion _ -> head

        List.fold folder Head.empty items

    /// The base frame for a beginning, in place of its last frame, and the head behind it.
    let make (rule: CompactionRule) (beginning: (CompactionSource * SegmentItem) list) : struct (Frame * Head) =
        let source, last = List.last beginning
        let lastFrame = (List.last (CompactionLeaves.frames source last)).Frame
        let items = List.map snd beginning
        let head = headAfter items

        let content =
            {
                Streams =
                    [
                        for KeyValue(stream, version) in highest items ->
                            { Stream = stream; Highest = version; Floor = version }
                    ]
                Keys = keys rule items
            }

        let frame =
            { lastFrame with
                Position = head.Position
                Version = 0L
                Body = FrameBody.Base content
                Head = ValueSome head.Hash
            }

        struct (frame, head)
