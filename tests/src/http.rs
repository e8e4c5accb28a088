//! A small HTTP/1.1 client over a blocking socket: what is sent and what comes is seen as it is.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::Duration,
};

/// One connection, for one request after the other.
#[derive(Debug)]
pub struct Http {
    stream: BufReader<TcpStream>,
    authority: String,
    path: String,
}

/// The head of a response, and how much of its body is still to come.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    fields: Vec<(String, String)>,
    rest: Rest,
    /// What has come of an event.
    begun: String,
}

/// What is still to come of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    /// So many bytes.
    Bytes(u64),
    /// A chunk, of which so many bytes are left, and others.
    Chunks(u64),
    /// Nothing.
    Nothing,
}

/// An event of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Its id.
    pub id: Option<String>,
    /// When to come back after the stream was cut, in milliseconds.
    pub retry: Option<u64>,
    /// Its data; empty where there is none.
    pub data: String,
}

impl Answer {
    /// The value of a field, by its name in lower case.
    pub fn field(&self, name: &str) -> Option<&str> {
        let field = self.fields.iter().find(|(known, _)| known == name);
        field.map(|(_, value)| value.as_str())
    }

    /// Whether it is a stream of events.
    pub fn is_stream(&self) -> bool {
        self.field("content-type").is_some_and(|value| value.starts_with("text/event-stream"))
    }
}

impl Http {
    /// Connects to where `url` says, `http://HOST:PORT/PATH`. What takes longer than `patience`
    /// is an error.
    pub fn connect(url: &str, patience: Duration) -> io::Result<Self> {
        let place = url.strip_prefix("http://").ok_or_else(|| invalid("no URL of http"))?;
        let (authority, path) = place.split_once('/').ok_or_else(|| invalid("no path"))?;
        let stream = TcpStream::connect(authority)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(patience))?;
        let stream = BufReader::with_capacity(1 << 16, stream);
        Ok(Self { stream, authority: authority.into(), path: format!("/{path}") })
    }

    /// Sends a request and waits for the head of its answer. The one before must have been read.
    pub fn send(
        &mut self,
        method: &str,
        fields: &[(&str, &str)],
        body: &str,
    ) -> io::Result<Answer> {
        let mut request =
            format!("{method} {} HTTP/1.1\r\nhost: {}\r\n", self.path, self.authority);
        for (name, value) in fields {
            request.extend([name, ": ", value, "\r\n"]);
        }
        request.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
        self.stream.get_mut().write_all(request.as_bytes())?;
        self.head()
    }

    /// The connection, to be closed by another thread.
    pub fn handle(&self) -> io::Result<TcpStream> {
        self.stream.get_ref().try_clone()
    }

    /// All that is still to come of a body.
    pub fn body(&mut self, answer: &mut Answer) -> io::Result<String> {
        let mut body = Vec::new();
        while self.piece(answer, &mut body)? {}
        String::from_utf8(body).map_err(|_| invalid("a body that is no text"))
    }

    /// The next event of a stream, comments left out; `None` at its end.
    pub fn event(&mut self, answer: &mut Answer) -> io::Result<Option<Event>> {
        loop {
            while let Some((event, rest)) = answer.begun.split_once("\n\n") {
                let event = event_of(event);
                answer.begun = rest.into();
                if event != Event::default() {
                    return Ok(Some(event));
                }
            }
            let mut piece = Vec::new();
            if !self.piece(answer, &mut piece)? {
                return Ok(None);
            }
            let piece = String::from_utf8(piece).map_err(|_| invalid("events that are no text"))?;
            answer.begun.push_str(&piece);
        }
    }

    fn head(&mut self) -> io::Result<Answer> {
        let line = self.line()?;
        let status = line.strip_prefix("HTTP/1.1 ").and_then(|line| line.get(..3)?.parse().ok());
        let status = status.ok_or_else(|| invalid("no line of status"))?;
        let mut fields = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').ok_or_else(|| invalid("no field"))?;
            fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut answer = Answer { status, fields, rest: Rest::Nothing, begun: String::new() };
        answer.rest = if answer.field("transfer-encoding").is_some() {
            Rest::Chunks(0)
        } else {
            let length = answer.field("content-length").map(str::parse);
            Rest::Bytes(length.transpose().map_err(|_| invalid("no length"))?.unwrap_or(0))
        };
        Ok(answer)
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let len = line.trim_end_matches(['\r', '\n']).len();
        line.truncate(len);
        Ok(line)
    }

    /// Reads on in a body; false at its end.
    fn piece(&mut self, answer: &mut Answer, into: &mut Vec<u8>) -> io::Result<bool> {
        let left = match answer.rest {
            Rest::Nothing | Rest::Bytes(0) => return Ok(false),
            Rest::Chunks(0) => match self.chunk_size()? {
                0 => {
                    answer.rest = Rest::Nothing;
                    return Ok(false);
                }
                size => size,
            },
            Rest::Bytes(left) | Rest::Chunks(left) => left,
        };
        let taken = (&mut self.stream).take(left).read_to_end(into)? as u64;
        if taken < left {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Rest::Chunks(_) = answer.rest {
            self.line()?;
            answer.rest = Rest::Chunks(0);
        } else {
            answer.rest = Rest::Nothing;
        }
        Ok(true)
    }

    fn chunk_size(&mut self) -> io::Result<u64> {
        let line = self.line()?;
        let size = u64::from_str_radix(&line, 16).map_err(|_| invalid("no size of a chunk"))?;
        if size == 0 {
            self.line()?;
        }
        Ok(size)
    }
}

fn event_of(text: &str) -> Event {
    let mut event = Event::default();
    for line in text.lines() {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "id" => event.id = Some(value.into()),
            "retry" => event.retry = value.parse().ok(),
            "data" => event.data.push_str(value),
            _ => {}
        }
    }
    event
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
