// Points in time as text (RFC 3339), written and read digit by digit: no culture, no calendar, no format string of a runtime.
// Called by Ndjson.fs and Codec.Json.Scalar.fs.
namespace Refold.Core

open System
open System.Globalization

/// What may follow the seventh digit of a second's fraction: a time has steps of 100 ns.
[<RequireQualifiedAccess>]
type internal MoreDigits =
    /// Nothing: what a codec wrote has seven at most.
    | None
    /// Zeros, as other programs write them.
    | Zeros
    /// Any digits, cut off.
    | Cut

/// `yyyy-MM-ddTHH:mm:ss[.fffffff](Z|+hh:mm|-hh:mm)`.
[<RequireQualifiedAccess>]
module internal Timestamp =

    /// Seven fraction digits without the zeros at their end, and without the point where none is left; offset zero as `Z`.
    let format (time: DateTimeOffset) : string =
        let fraction = (Numbers.padded 7 (int (time.Ticks % TimeSpan.TicksPerSecond))).TrimEnd '0'
        let minutes = int time.Offset.TotalMinutes
        let sign = if minutes < 0 then "-" else "+"

        String.concat
            ""
            [
                Numbers.padded 4 time.Year
                "-"
                Numbers.padded 2 time.Month
                "-"
                Numbers.padded 2 time.Day
                "T"
                Numbers.padded 2 time.Hour
                ":"
                Numbers.padded 2 time.Minute
                ":"
                Numbers.padded 2 time.Second
                if fraction <> "" then
                    "." + fraction
                if minutes = 0 then
                    "Z"
                else
                    sign + Numbers.padded 2 (abs minutes / 60) + ":" + Numbers.padded 2 (abs minutes % 60)
            ]

    // The number in `count` digits at `start`; -1 where they are not digits.
    let private number (text: string) (start: int) (count: int) =
        if text.Length < start + count || not (Seq.forall Char.IsAsciiDigit (text.Substring(start, count))) then
            -1
        else
            Int32.Parse(text.AsSpan(start, count), NumberStyles.None, CultureInfo.InvariantCulture)

    // Minutes of the offset that the rest of the text is.
    let private offset (rest: string) : Result<int, string> =
        let hours, minutes = number rest 1 2, number rest 4 2

        if rest = "" then
            Error "a time needs an offset: Z, or +hh:mm"
        elif rest = "Z" || rest = "z" then
            Ok 0
        elif
            rest.Length = 6
            && (rest[0] = '+' || rest[0] = '-')
            && rest[3] = ':'
            && hours >= 0
            && minutes >= 0
            && minutes < 60
            && hours * 60 + minutes <= 14 * 60
        then
            Ok((if rest[0] = '-' then -1 else 1) * (hours * 60 + minutes))
        else
            Error "the offset of a time is Z, or +hh:mm up to 14 hours"

    // Ticks of the second's fraction, and where it ends.
    let private fraction (more: MoreDigits) (text: string) : Result<int64 * int, string> =
        if text.Length <= 19 || text[19] <> '.' then
            Ok(0L, 19)
        else
            let count = text |> Seq.skip 20 |> Seq.takeWhile Char.IsAsciiDigit |> Seq.length
            let digits = text.Substring(20, min count 7)

            if count = 0 then
                Error "digits must follow the point of the seconds"
            elif count > 7 && more = MoreDigits.None then
                Error "a time has steps of 100 ns: at most 7 digits follow the point of the seconds"
            elif count > 7 && more = MoreDigits.Zeros && text.Substring(27, count - 7).Trim '0' <> "" then
                Error "a time has steps of 100 ns: at most 7 digits follow the point of the seconds, zeros behind them aside"
            else
                Ok(Int64.Parse(digits.PadRight(7, '0'), NumberStyles.None, CultureInfo.InvariantCulture), 20 + count)

    let private wholeSeconds (text: string) : Result<DateTime, string> =
        let year, month, day = number text 0 4, number text 5 2, number text 8 2
        let hour, minute, second = number text 11 2, number text 14 2, number text 17 2
        let separator index allowed = text.Length > index && String.exists ((=) text[index]) allowed

        if separator 10 " " then
            Error "a space stands between date and time, where T must stand"
        elif
            not (separator 4 "-" && separator 7 "-" && separator 10 "Tt" && separator 13 ":" && separator 16 ":")
            || List.exists (fun part -> part < 0) [ year; month; day; hour; minute; second ]
        then
            Error "a time is written yyyy-MM-ddTHH:mm:ss.fffffffZ or with an offset +hh:mm"
        elif
            year = 0
            || month = 0
            || month > 12
            || day = 0
            || day > DateTime.DaysInMonth(year, month)
            || hour > 23
            || minute > 59
            || second > 59
        then
            Error "there is no such time"
        else
            Ok(DateTime(year, month, day, hour, minute, second))

    /// As `parse`, with more digits behind the seventh than a time can have.
    let parseWith (more: MoreDigits) (text: string) : Result<DateTimeOffset, string> =
        match wholeSeconds text with
        | Error reason -> Error reason
        | Ok seconds ->
            fraction more text
            |> Result.bind (fun (ticks, place) ->
                offset (text.Substring place)
                |> Result.bind (fun minutes ->
                    let local = seconds.AddTicks ticks
                    let utcTicks = local.Ticks - int64 minutes * TimeSpan.TicksPerMinute

                    if utcTicks < 0L || utcTicks > DateTime.MaxValue.Ticks then
                        Error "the time is outside the years 1 to 9999 in UTC"
                    else
                        Ok(DateTimeOffset(local, TimeSpan.FromTicks(int64 minutes * TimeSpan.TicksPerMinute)))))

    /// The time with the offset as written, or the rule it breaks: an offset must be there, at most 7 digits may follow the
    /// point, and the time must lie in the years 1 to 9999 in UTC.
    let parse (text: string) : Result<DateTimeOffset, string> = parseWith MoreDigits.None text
