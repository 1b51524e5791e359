//! WebSockets over HTTP/2 (RFC 8441): a stream of a session that channels share replaces a connection.

use super::candidate::{Candidate, News, Standing};
use super::dial::Party;
use super::failure::{Failure, Obstacle};
use super::loss::Leg;
use super::progress::Point;
use super::{Ask, Dial, Exchange, Opening, Socket};

/// How often a request is refused by sessions that are going away before the opening fails.
const MAX_REFUSALS: u32 = 16;

impl<D: Dial, A: Ask<Cause = D::Cause>> Opening<D, A> {
    /// A stream of a session that other channels have made.
    pub(super) fn join(&mut self) -> Option<D::Socket> {
        let socket = self.dial.join(&self.key()?)?;
        self.tell_followers(News::None); // the next one may find room too, or it connects
        self.progress.start(self.plan.peer(Party::Server), None);
        Some(socket)
    }

    /// Which sessions it may share. `None` if HTTP/2 is not offered.
    pub(super) fn key(&self) -> Option<D::Key> {
        self.plan.route().map(|route| self.dial.key(&route))
    }

    /// Lets those go on that follow this opening, if it leads.
    pub(super) fn tell_followers(&mut self, news: News) {
        if let Some(candidate) = self.candidate.take() {
            candidate.tell(news);
        }
    }

    /// Takes a place among the openings that may share a session: leads them, or follows the one that leads. Returns whether it follows.
    pub(super) fn take_place(&mut self) -> bool {
        if self.candidate.as_ref().is_some_and(|candidate| candidate.standing() == Standing::DoesWithout) {
            self.plan.do_without_http2();
        }
        let Some(key) = self.key() else {
            self.candidate = None;
            return false;
        };
        let stands = self.candidate.as_ref().filter(|candidate| candidate.has_key(&key));
        // The session that it waited for has no room left. Another session is needed, and the next leader makes it.
        if stands.is_none_or(|candidate| candidate.standing() == Standing::MayJoin) {
            self.candidate = Some(Candidate::new(key));
        }
        self.candidate.as_ref().is_some_and(|candidate| candidate.standing() == Standing::Follows)
    }

    /// Whether to send a request again that the server has not processed (RFC 9113 §8.7): once; more often if the session is going away, as that
    /// of a server that accepts only some requests on a connection.
    fn may_repeat(&mut self, is_going_away: bool) -> bool {
        self.refusals += 1;
        self.refusals <= if is_going_away { MAX_REFUSALS } else { 1 }
    }

    /// The extended CONNECT and its response.
    pub(super) async fn exchange_on_stream(
        &mut self,
        socket: &mut D::Socket,
        key: D::Key,
    ) -> Result<Exchange, Failure<D::Cause>> {
        self.progress.reach(Point::Session);
        let shared = socket.share(key).await;
        let room = shared.map_err(|loss| self.lost(Party::Server, Leg::Response, loss))?;
        self.tell_followers(room.map_or(News::NoHttp2, News::Session));
        if room.is_none() {
            self.plan.do_without_http2();
            return Ok(Exchange::Again);
        }
        let request = self.plan.request("CONNECT");
        let fields = request.to_fields();
        self.announce(|| fields.iter().flat_map(|(name, value)| [name, ": ", value, "\r\n"]).collect());
        match socket.request(&fields).await {
            Ok(response) if (200..300).contains(&response.status) => {
                let settled = request
                    .settle(&response)
                    .map_err(|malformed| self.stopped(Party::Server, Obstacle::from(malformed)))?;
                Ok(Exchange::Upgraded(settled, response, Vec::new()))
            }
            Ok(response) => Ok(Exchange::Refused(self.progress.read_body(socket, response).await)),
            Err(loss) if loss.code == "HTTP_1_1_REQUIRED" => {
                self.plan.do_without_http2();
                Ok(Exchange::Again)
            }
            Err(loss) if loss.code == "REFUSED_STREAM" && self.may_repeat(socket.is_going_away()) => {
                Ok(Exchange::Again)
            }
            Err(loss) => Err(self.lost(Party::Server, Leg::Response, loss)),
        }
    }
}
